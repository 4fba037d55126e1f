/** What became of one service's sessions, counted for Prometheus. */
import type { Track } from '../common/protocol.js';

/**
 * Why a session was set up again: its track was emptied, its instance could not be reached, the
 * instance no longer knew it, or its legacy SSE client came back.
 */
export const MOVE_REASONS = ['drained', 'unreachable', 'forgotten', 'reconnected'] as const;
export type MoveReason = (typeof MOVE_REASONS)[number];

export const MOVE_RESULTS = ['ok', 'failed'] as const;
export type MoveResult = (typeof MOVE_RESULTS)[number];

/** Why a session's client was told that no instance has it: none was reached, or took it. */
export const LOSS_REASONS = ['unreachable', 'refused'] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/**
 * Why a session is over: its client ended it (DELETE), nobody used it for too long, its legacy SSE
 * client left without an `initialize`, or went on as another session.
 */
export const END_REASONS = ['deleted', 'idle', 'unused', 'replaced'] as const;
export type EndReason = (typeof END_REASONS)[number];

export class SessionMeter {
  readonly ended: Readonly<Record<Track, Record<EndReason, number>>> = {
    stable: { deleted: 0, idle: 0, unused: 0, replaced: 0 },
    canary: { deleted: 0, idle: 0, unused: 0, replaced: 0 },
    baseline: { deleted: 0, idle: 0, unused: 0, replaced: 0 },
  };
  readonly moved: Record<MoveReason, Record<MoveResult, number>> = {
    drained: { ok: 0, failed: 0 },
    unreachable: { ok: 0, failed: 0 },
    forgotten: { ok: 0, failed: 0 },
    reconnected: { ok: 0, failed: 0 },
  };
  readonly lost: Record<LossReason, number> = { unreachable: 0, refused: 0 };
}
