-- Plain rows. No foreign keys: a rebuild of `listings` must not take anybody's favourites with it.
CREATE TABLE IF NOT EXISTS `favorites` (
    `id`          CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `userId`      CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `listingId`   CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `priceAlert`  BOOLEAN        NOT NULL DEFAULT false,
    `targetPrice` DECIMAL(10, 2) NULL,
    `createdAt`   DATETIME(3)    NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    UNIQUE INDEX `favorites_userId_listingId_key` (`userId`, `listingId`),
    INDEX `favorites_listingId_idx` (`listingId`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- What was mailed about a favourite, and what waits (PriceAlert.cs). Written by WhenPriceChanged alone, under its checkpoint's lock.
CREATE TABLE IF NOT EXISTS `price_alerts` (
    `favoriteId`  CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `listingId`   CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `mailedAt`    DATETIME(3)    NOT NULL,
    `mailedPrice` DECIMAL(10, 2) NOT NULL,
    `dueAt`       DATETIME(3)    NULL,
    `price`       DECIMAL(10, 2) NOT NULL,
    INDEX `price_alerts_listingId_idx` (`listingId`),
    INDEX `price_alerts_dueAt_idx` (`dueAt`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
