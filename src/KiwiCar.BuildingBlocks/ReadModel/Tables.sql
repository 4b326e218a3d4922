-- How far each projection and reaction has come; the row lock is the leader election.
CREATE TABLE IF NOT EXISTS `checkpoints` (
    `name`      VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `position`  BIGINT       NOT NULL,
    `build`     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NULL,
    `updatedAt` DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Events a projection or reaction could not take, and those of the same stream held back behind them.
CREATE TABLE IF NOT EXISTS `parked_events` (
    `subscription` VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `position`     BIGINT       NOT NULL,
    `streamId`     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `type`         VARCHAR(500) NOT NULL,
    `error`        TEXT         NOT NULL,
    `parkedAt`     DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    PRIMARY KEY (`subscription`, `position`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- What is to be sent to the outside (`receiver` is the SHA-256 of its address), written in the transaction that made it due, sent afterwards, once per key.
CREATE TABLE IF NOT EXISTS `outbox` (
    `id`            CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `template`      VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `receiver`      CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NULL,
    `mail`          MEDIUMTEXT   NOT NULL,
    `state`         ENUM('PENDING', 'SENT', 'PARKED', 'SENDING', 'UNCLEAR') NOT NULL DEFAULT 'PENDING',
    `attempts`      INTEGER      NOT NULL DEFAULT 0,
    `nextAttemptAt` DATETIME(3)  NOT NULL,
    `createdAt`     DATETIME(3)  NOT NULL,
    `sentAt`        DATETIME(3)  NULL,
    `lastError`     TEXT         NULL,
    INDEX `outbox_state_nextAttemptAt_idx` (`state`, `nextAttemptAt`),
    INDEX `outbox_receiver_idx` (`receiver`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- What the mail provider told of mails it took (Outside/SendGridEvents.cs), by its own id of the event.
CREATE TABLE IF NOT EXISTS `mail_events` (
    `id`         VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    `mailId`     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `event`      VARCHAR(30)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `happenedAt` DATETIME(3)  NOT NULL,
    INDEX `mail_events_mailId_idx` (`mailId`),
    INDEX `mail_events_happenedAt_idx` (`happenedAt`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- One row a job and civil day (Jobs/DailyJobs.cs): what was run, where, and what came of it.
CREATE TABLE IF NOT EXISTS `job_runs` (
    `name`      VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `day`       DATE         NOT NULL,
    `host`      VARCHAR(191) NOT NULL,
    `attempts`  INTEGER      NOT NULL,
    `startedAt` DATETIME(3)  NOT NULL,
    `endedAt`   DATETIME(3)  NULL,
    `outcome`   ENUM('NEW', 'RUNNING', 'OK', 'FAILED') NOT NULL,
    `detail`    TEXT         NULL,
    PRIMARY KEY (`name`, `day`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- For databases made before these columns were.
ALTER TABLE `outbox` ADD COLUMN `receiver` CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER `template`, ADD INDEX `outbox_receiver_idx` (`receiver`);
ALTER TABLE `outbox` MODIFY `state` ENUM('PENDING', 'SENT', 'PARKED', 'SENDING', 'UNCLEAR') NOT NULL DEFAULT 'PENDING';
