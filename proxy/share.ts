/** The canary's share of the new sessions. */
import { TRACKS, type Route } from '../common/protocol.js';
import type { Tracks } from './tracks.js';

/** Both from 0 to 1. */
export interface CanaryShare {
  /** What the split is to give. */
  readonly set: number;
  /** Of the sessions set up since that was set, those on the canary; null before the first. */
  readonly actual: number | null;
}

/**
 * Counts anew whenever the weights change: what came before says nothing of them.
 */
export class ShareMeter {
  private readonly tracks: Tracks;
  private weights: string;
  private before: Opened;

  constructor(tracks: Tracks) {
    this.tracks = tracks;
    this.weights = weightsOf(tracks.route);
    this.before = openedOn(tracks);
  }

  /** To be told whenever a route was set. */
  routeSet(): void {
    const weights = weightsOf(this.tracks.route);
    if (weights === this.weights) return;
    this.weights = weights;
    this.before = openedOn(this.tracks);
  }

  get share(): CanaryShare {
    const now = openedOn(this.tracks);
    const all = now.all - this.before.all;
    return {
      set: this.tracks.route.tracks.canary?.weight ?? 0,
      actual: all > 0 ? (now.canary - this.before.canary) / all : null,
    };
  }
}

interface Opened {
  readonly canary: number;
  readonly all: number;
}

function openedOn(tracks: Tracks): Opened {
  const opened = TRACKS.map((track) => tracks.meter(track).sessionsOpened);
  return {
    canary: tracks.meter('canary').sessionsOpened,
    all: opened.reduce((sum, each) => sum + each, 0),
  };
}

function weightsOf({ tracks }: Route): string {
  return TRACKS.map((track) => tracks[track]?.weight ?? 0).join(' ');
}
