-- The read models of the conversation stream; nothing else writes them but ConversationsProjection. `messages` is as the PRD's Prisma schema names it,
-- plus the conversation it belongs to and its `number` there (the stream's version), by which a conversation is read.
CREATE TABLE IF NOT EXISTS `messages` (
    `id`             CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `senderId`       CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `receiverId`     CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `listingId`      CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `content`        TEXT        NOT NULL,
    `isRead`         BOOLEAN     NOT NULL DEFAULT false,
    `createdAt`      DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    `conversationId` CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    `number`         BIGINT      NOT NULL DEFAULT 0,
    INDEX `messages_senderId_receiverId_listingId_idx` (`senderId`, `receiverId`, `listingId`),
    INDEX `messages_receiverId_isRead_idx` (`receiverId`, `isRead`),
    INDEX `messages_conversationId_number_idx` (`conversationId`, `number`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- `listingVersion` is the advert's when the buyer first wrote; 0 where it is not known.
CREATE TABLE IF NOT EXISTS `conversations` (
    `id`             CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `listingId`      CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `sellerId`       CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `buyerId`        CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `listingVersion` BIGINT      NOT NULL,
    `startedAt`      DATETIME(3) NOT NULL,
    `lastMessageId`  CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NULL,
    `lastMessageAt`  DATETIME(3) NOT NULL,
    INDEX `conversations_buyerId_lastMessageAt_idx` (`buyerId`, `lastMessageAt`),
    INDEX `conversations_sellerId_lastMessageAt_idx` (`sellerId`, `lastMessageAt`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Plain rows: who takes no messages from whom. A block that was ended stays for a day, for other processes to hear of it.
CREATE TABLE IF NOT EXISTS `member_blocks` (
    `blockerId` CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `blockedId` CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `isBlocked` BOOLEAN     NOT NULL,
    `createdAt` DATETIME(3) NOT NULL,
    `updatedAt` DATETIME(3) NOT NULL,
    PRIMARY KEY (`blockerId`, `blockedId`),
    INDEX `member_blocks_blockedId_idx` (`blockedId`),
    INDEX `member_blocks_updatedAt_idx` (`updatedAt`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
