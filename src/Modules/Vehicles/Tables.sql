-- `vehicle_info` and `lookup_quotas` are as in the PRD's Prisma schema. The two status columns stay NULL: a status follows from its date on the
-- day it is asked for.
CREATE TABLE IF NOT EXISTS `vehicle_info` (
    `plateNumber`      VARCHAR(191) NOT NULL PRIMARY KEY,
    `make`             VARCHAR(191) NOT NULL,
    `model`            VARCHAR(191) NOT NULL,
    `year`             INTEGER      NOT NULL,
    `bodyStyle`        VARCHAR(191) NULL,
    `color`            VARCHAR(191) NULL,
    `engineCc`         INTEGER      NULL,
    `fuelType`         VARCHAR(191) NULL,
    `wofExpiry`        DATETIME(3)  NULL,
    `wofStatus`        VARCHAR(191) NULL,
    `regoExpiry`       DATETIME(3)  NULL,
    `regoStatus`       VARCHAR(191) NULL,
    `firstRegistered`  DATETIME(3)  NULL,
    `odometerReadings` JSON         NULL,
    `fetchedAt`        DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `lookup_quotas` (
    `id`      CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `userId`  CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `count`   INTEGER     NOT NULL DEFAULT 0,
    `resetAt` DATETIME(3) NOT NULL,
    UNIQUE INDEX `lookup_quotas_userId_key` (`userId`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- The same for guests, by a hash of their address.
CREATE TABLE IF NOT EXISTS `guest_lookup_quotas` (
    `id`      CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `guest`   CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `count`   INTEGER     NOT NULL DEFAULT 0,
    `resetAt` DATETIME(3) NOT NULL,
    UNIQUE INDEX `guest_lookup_quotas_guest_key` (`guest`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- The plates somebody has looked up today; `who` is the account, or the guest's hash. Asking again is free.
CREATE TABLE IF NOT EXISTS `looked_up_plates` (
    `who`         CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `plateNumber` VARCHAR(7)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `resetAt`     DATETIME(3) NOT NULL,
    PRIMARY KEY (`who`, `plateNumber`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- What the registry said of a plate last, whole (JSON).
CREATE TABLE IF NOT EXISTS `vehicle_answers` (
    `plateNumber` VARCHAR(7)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `answer`      MEDIUMTEXT  NOT NULL,
    `source`      VARCHAR(32) NOT NULL,
    `fetchedAt`   DATETIME(3) NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Which car had a plate when, as far as lookups have seen. A car is its VIN, else its chassis number, else the first make, model and year under the plate.
CREATE TABLE IF NOT EXISTS `vehicle_plates` (
    `plateNumber` VARCHAR(7)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `car`         VARCHAR(191) NOT NULL,
    `seenFrom`    DATETIME(3)  NOT NULL,
    `seenUntil`   DATETIME(3)  NULL,
    PRIMARY KEY (`plateNumber`, `seenFrom`),
    INDEX `vehicle_plates_car_idx` (`car`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Readings of a car's odometer. Only added to: a reading that the registry takes back is what a buyer wants to know of.
CREATE TABLE IF NOT EXISTS `vehicle_readings` (
    `car`     VARCHAR(191) NOT NULL,
    `date`    DATE         NOT NULL,
    `reading` INTEGER      NOT NULL,
    `unit`    VARCHAR(2)   NOT NULL,
    `source`  VARCHAR(64)  NOT NULL,
    `seenAt`  DATETIME(3)  NOT NULL,
    PRIMARY KEY (`car`, `date`, `reading`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
