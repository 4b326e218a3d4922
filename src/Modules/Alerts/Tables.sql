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
