-- The read models of the listing stream, as the PRD's Prisma schema names them, and nothing else writes them but ListingsProjection.
-- `version` is the stream's version (the ETag), `publishedAt` what "newest" sorts by, `draft` what a draft says (JSON): the columns that may
-- not be null hold '' or 0 there for what it does not say yet.
CREATE TABLE IF NOT EXISTS `listings` (
    `id`                 CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `userId`             CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `plateNumber`        VARCHAR(191)   NOT NULL,
    `make`               VARCHAR(191)   NOT NULL,
    `model`              VARCHAR(191)   NOT NULL,
    `year`               INTEGER        NOT NULL,
    `mileage`            INTEGER        NOT NULL,
    `price`              DECIMAL(10, 2) NOT NULL,
    `description`        TEXT           NOT NULL,
    `aiDescription`      TEXT           NULL,
    `aiPriceMin`         DECIMAL(10, 2) NULL,
    `aiPriceMax`         DECIMAL(10, 2) NULL,
    `aiPriceRecommended` DECIMAL(10, 2) NULL,
    `status`             ENUM('ACTIVE', 'SOLD', 'REMOVED', 'DRAFT') NOT NULL DEFAULT 'ACTIVE',
    `region`             VARCHAR(191)   NOT NULL,
    `fuelType`           ENUM('PETROL', 'DIESEL', 'HYBRID', 'ELECTRIC', 'OTHER') NOT NULL,
    `transmission`       ENUM('AUTOMATIC', 'MANUAL') NOT NULL,
    `bodyType`           VARCHAR(191)   NOT NULL,
    `color`              VARCHAR(191)   NOT NULL,
    `vin`                VARCHAR(191)   NULL,
    `views`              INTEGER        NOT NULL DEFAULT 0,
    `createdAt`          DATETIME(3)    NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    `updatedAt`          DATETIME(3)    NOT NULL,
    `publishedAt`        DATETIME(3)    NULL,
    `version`            BIGINT         NOT NULL DEFAULT 0,
    `draft`              MEDIUMTEXT     NULL,
    INDEX `listings_status_createdAt_idx` (`status`, `createdAt`),
    INDEX `listings_make_model_idx` (`make`, `model`),
    INDEX `listings_region_idx` (`region`),
    INDEX `listings_price_idx` (`price`),
    INDEX `listings_userId_idx` (`userId`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- `imageUrl` holds the storage key; the address is made from it and CDN_URL when it is asked for. A photo that was moved in has its whole address here.
CREATE TABLE IF NOT EXISTS `listing_images` (
    `id`        CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `listingId` CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `imageUrl`  VARCHAR(191) NOT NULL,
    `order`     INTEGER      NOT NULL DEFAULT 0,
    `createdAt` DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    INDEX `listing_images_listingId_idx` (`listingId`),
    FOREIGN KEY (`listingId`) REFERENCES `listings` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `price_history` (
    `id`        CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `listingId` CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `price`     DECIMAL(10, 2) NOT NULL,
    `changedAt` DATETIME(3)    NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    INDEX `price_history_listingId_idx` (`listingId`),
    FOREIGN KEY (`listingId`) REFERENCES `listings` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Where a seller has said that the advert told of too many kilometres.
CREATE TABLE IF NOT EXISTS `mileage_corrections` (
    `id`          CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `listingId`   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `oldMileage`  INTEGER      NOT NULL,
    `newMileage`  INTEGER      NOT NULL,
    `reason`      VARCHAR(255) NOT NULL,
    `correctedAt` DATETIME(3)  NOT NULL,
    INDEX `mileage_corrections_listingId_idx` (`listingId`),
    FOREIGN KEY (`listingId`) REFERENCES `listings` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Photos that were uploaded; `listingId` is the listing that shows it, which has claimed it for itself, at `claimVersion` of its stream. Written by
-- commands, not by a projection.
CREATE TABLE IF NOT EXISTS `uploads` (
    `id`         CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `userId`     CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `listingId`  CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NULL,
    `bytes`      INTEGER     NOT NULL,
    `width`      INTEGER     NOT NULL,
    `height`     INTEGER     NOT NULL,
    `createdAt`  DATETIME(3) NOT NULL,
    `attachedAt` DATETIME(3) NULL,
    `claimVersion` BIGINT    NULL,
    INDEX `uploads_userId_createdAt_idx` (`userId`, `createdAt`),
    INDEX `uploads_listingId_createdAt_idx` (`listingId`, `createdAt`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Photos a person has uploaded on the newest civil day (New Zealand) on which they did.
CREATE TABLE IF NOT EXISTS `upload_quotas` (
    `userId` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `day`    DATE     NOT NULL,
    `photos` INTEGER  NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Descriptions a person was given on a civil day (New Zealand).
CREATE TABLE IF NOT EXISTS `description_quotas` (
    `userId` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `day`    DATE     NOT NULL,
    `used`   INTEGER  NOT NULL,
    PRIMARY KEY (`userId`, `day`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- One row: what was closed before is archived (ArchiveListings.cs).
CREATE TABLE IF NOT EXISTS `listing_archive` (
    `id`           TINYINT     NOT NULL PRIMARY KEY,
    `closedBefore` DATETIME(3) NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- What the car of each ACTIVE listing should cost, in NZD, and when that was worked out. It follows from the whole market, so no projection
-- writes it (ListingEstimates does), no rebuild empties it, and the aiPrice* columns of `listings` stay empty.
CREATE TABLE IF NOT EXISTS `listing_estimates` (
    `listingId`        CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `priceMin`         DECIMAL(10, 2) NOT NULL,
    `priceMax`         DECIMAL(10, 2) NOT NULL,
    `priceRecommended` DECIMAL(10, 2) NOT NULL,
    `confidence`       DECIMAL(4, 2)  NOT NULL,
    `computedAt`       DATETIME(3)    NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- How many have looked at a listing: one visitor a day each. Counted in Redis and added here (Views/), fed by no event, so no rebuild touches it and
-- the column `views` of `listings` stays 0.
CREATE TABLE IF NOT EXISTS `listing_views` (
    `listingId` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `views`     INTEGER  NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- One row: the batch of counts that was added last.
CREATE TABLE IF NOT EXISTS `listing_views_flushed` (
    `id`    TINYINT  NOT NULL PRIMARY KEY,
    `batch` CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
INSERT IGNORE INTO `listing_views_flushed` (`id`, `batch`) VALUES (1, '');

-- For databases made before this column was.
ALTER TABLE `uploads` ADD COLUMN `claimVersion` BIGINT NULL;
