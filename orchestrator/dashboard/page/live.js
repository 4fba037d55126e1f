/** The live feed: connected while the page is looked at, again after every interruption. */

/** @typedef {Partial<Record<'overview' | 'rollout' | 'series', (data: any) => void>>} Listeners */

export class Live {
  /** @type {EventSource | null} */
  #source = null;
  /** @type {string | null} */
  #rollout = null;
  #listeners;
  #connection;

  /**
   * @param {Listeners} listeners
   * @param {(up: boolean) => void} connection is told when the feed comes and goes
   */
  constructor(listeners, connection) {
    this.#listeners = listeners;
    this.#connection = connection;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#close();
      else this.#open();
    });
  }

  /** @param {string | null} rollout the one that is shown */
  follow(rollout) {
    this.#rollout = rollout;
    this.#open();
  }

  #open() {
    this.#close();
    const query = this.#rollout === null ? '' : `?rollout=${encodeURIComponent(this.#rollout)}`;
    const source = new EventSource(`/v1/live${query}`);
    source.addEventListener('open', () => this.#connection(true));
    source.addEventListener('error', () => this.#lost(source));
    for (const [name, listener] of Object.entries(this.#listeners)) {
      source.addEventListener(name, (event) => listener(JSON.parse(event.data)));
    }
    this.#source = source;
  }

  /**
   * A browser gives up for good after an answer that is no feed, such as "too many pages".
   * @param {EventSource} source
   */
  #lost(source) {
    this.#connection(false);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      if (this.#source === source && !document.hidden) this.#open();
    }, 3_000);
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }
}
