-- People. As in the PRD's Prisma schema, plus `role`, which no client can set, and `closedAt`: then the row is a tombstone, and holds nothing of the person.
-- `email` holds the normalised address (EmailAddress.cs) and is compared byte by byte: no collation makes two people one.
-- `phone` is indexed but not unique: nobody verifies numbers yet, so a unique one would let anybody block (and find out) another's.
-- `passwordHash` is null for accounts that sign in some other way, or not at all (imports).
CREATE TABLE IF NOT EXISTS `users` (
    `id`           CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `email`        VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `phone`        VARCHAR(191) NULL,
    `passwordHash` VARCHAR(191) NULL,
    `nickname`     VARCHAR(191) NULL,
    `avatarUrl`    VARCHAR(191) NULL,
    `region`       VARCHAR(191) NULL,
    `showPhone`    BOOLEAN      NOT NULL DEFAULT FALSE,
    `isVerified`   BOOLEAN      NOT NULL DEFAULT FALSE,
    `role`         ENUM('USER', 'DEALER', 'MODERATOR', 'ADMIN') NOT NULL DEFAULT 'USER',
    `createdAt`    DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    `updatedAt`    DATETIME(3)  NOT NULL,
    `closedAt`     DATETIME(3)  NULL,
    UNIQUE INDEX `users_email_key` (`email`),
    INDEX `users_phone_idx` (`phone`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Links that were mailed. `token` is the SHA-256 of what the link holds, so that reading this table opens no account.
-- The second index on `token` is the schema's own wish (@unique and @@index).
CREATE TABLE IF NOT EXISTS `password_resets` (
    `id`        CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `userId`    CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `token`     VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `expiresAt` DATETIME(3)  NOT NULL,
    `used`      BOOLEAN      NOT NULL DEFAULT FALSE,
    `createdAt` DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    UNIQUE INDEX `password_resets_token_key` (`token`),
    INDEX `password_resets_token_idx` (`token`),
    INDEX `password_resets_userId_idx` (`userId`),
    CONSTRAINT `password_resets_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS `email_verifications` (
    `id`        CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `userId`    CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `token`     VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `expiresAt` DATETIME(3)  NOT NULL,
    `verified`  BOOLEAN      NOT NULL DEFAULT FALSE,
    `createdAt` DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    UNIQUE INDEX `email_verifications_token_key` (`token`),
    INDEX `email_verifications_token_idx` (`token`),
    INDEX `email_verifications_userId_idx` (`userId`),
    CONSTRAINT `email_verifications_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Sign-ins (Sessions.cs): `generation` numbers the newest refresh token, none is stored. `endedAt` is what EndedSessions watches.
CREATE TABLE IF NOT EXISTS `sessions` (
    `id`         CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `userId`     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `device`     VARCHAR(191) NOT NULL,
    `generation` INTEGER      NOT NULL,
    `createdAt`  DATETIME(3)  NOT NULL,
    `rotatedAt`  DATETIME(3)  NOT NULL,
    `expiresAt`  DATETIME(3)  NOT NULL,
    `endedAt`    DATETIME(3)  NULL,
    INDEX `sessions_userId_idx` (`userId`),
    INDEX `sessions_endedAt_idx` (`endedAt`),
    CONSTRAINT `sessions_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Which mails somebody wants, where they have said so; without a row, all.
CREATE TABLE IF NOT EXISTS `notification_preferences` (
    `userId`       CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `priceAlerts`  BOOLEAN  NOT NULL DEFAULT TRUE,
    `newMessages`  BOOLEAN  NOT NULL DEFAULT TRUE,
    `favoriteSold` BOOLEAN  NOT NULL DEFAULT TRUE,
    CONSTRAINT `notification_preferences_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- For databases made before this column was.
ALTER TABLE `users` ADD COLUMN `closedAt` DATETIME(3) NULL;

-- Whose cards have changed: asked by every process, every second.
ALTER TABLE `users` ADD INDEX `users_updatedAt_idx` (`updatedAt`);

-- Which of these pictures are somebody's: asked by the sweep of the storage, for hundreds at once.
ALTER TABLE `users` ADD INDEX `users_avatarUrl_idx` (`avatarUrl`);
