/** What happens to the world without the orchestrator: by itself, by accident, by another hand, and back again. */
import { APP_NAMES, changed, started, type AppName, type World } from './world.js';

export interface Event {
  readonly name: string;
  readonly to: World;
}

/** Of a sound world: nothing of it is a fault of the machine. A release may fail in every way. */
export function* progress(world: World): Iterable<Event> {
  for (const name of APP_NAMES) yield* comingUp(world, name);
  const { stable, canary } = world.route.tracks;
  if (world.carries.stable && stable.drain) yield emptied(world, 'stable');
  if (world.carries.canary && (canary === undefined || canary.drain))
    yield emptied(world, 'canary');
  if (world.preparation === 'running') {
    yield { name: 'the release is made', to: { ...world, preparation: 'done' } };
    yield { name: 'the release cannot be made', to: { ...world, preparation: 'failed' } };
  }
  if (world.smoke === 'running') {
    yield { name: 'the smoke test passes', to: { ...world, smoke: 'passed' } };
    yield { name: 'the smoke test fails', to: { ...world, smoke: 'failed' } };
  }
}

/** A process that was started serves, ends, or goes on saying nothing. */
function* comingUp(world: World, name: AppName): Iterable<Event> {
  const app = world[name];
  if (app?.life == null || app.serves) return;
  if (name !== 'main' || world.orphan === null) {
    yield { name: `${name} serves`, to: changed(world, name, { serves: true, proven: true }) };
  }
  if (name === 'main') {
    yield { name: 'main ends while it starts', to: restartedByPm2(world) };
    const over = { life: null, status: 'errored' } as const;
    yield { name: 'PM2 gives main up', to: changed(world, name, over) };
  } else {
    yield { name: `${name} ends while it starts`, to: ended(world, name) };
  }
}

function restartedByPm2(world: World): World {
  const life = { life: world.next, serves: false };
  return { ...changed(world, 'main', life), next: world.next + 1 };
}

/** Without `autorestart` it stays so. */
function ended(world: World, name: AppName): World {
  return changed(world, name, { life: null, serves: false, status: 'stopped' });
}

function emptied(world: World, track: 'stable' | 'canary'): Event {
  return {
    name: `${track} is empty`,
    to: { ...world, carries: { ...world.carries, [track]: false } },
  };
}

/** What breaks. */
export function* accidents(world: World): Iterable<Event> {
  if (world.proxyAnswers) yield { name: 'the proxy dies', to: { ...world, proxyAnswers: false } };
  if (world.daemonAnswers) {
    yield { name: 'PM2 does not answer', to: { ...world, daemonAnswers: false } };
  }
  yield { name: 'the machine reboots', to: rebooted(world) };
  if (world.main?.serves === true) yield { name: 'main dies', to: restartedByPm2(world) };
  for (const name of ['canary', 'baseline'] as const) {
    if (world[name]?.serves === true) yield { name: `${name} dies`, to: ended(world, name) };
  }
}

/** PM2 starts what its dump holds: main on a release that was proven once, and no canary. */
function rebooted(world: World): World {
  const { next, dump } = world;
  const fresh = {
    release: dump,
    life: next,
    serves: false,
    proven: true,
    status: 'online',
    order: next,
    id: next,
    stoppedByHand: false,
  } as const;
  return {
    ...world,
    main: fresh,
    canary: null,
    baseline: null,
    daemon: next,
    orphan: null,
    next: next + 1,
    daemonAnswers: true,
  };
}

/** What a person or a script does with `pm2`. */
export function* otherHand(world: World): Iterable<Event> {
  if (!world.daemonAnswers) return;
  const stopped = { life: null, serves: false, status: 'stopped', stoppedByHand: true } as const;
  for (const name of ['main', 'canary'] as const) {
    const app = world[name];
    if (app?.life == null) continue;
    yield { name: `pm2 restart ${name}`, to: started(world, name, app.release) };
    yield { name: `pm2 stop ${name}`, to: changed(world, name, stopped) };
    yield { name: `pm2 delete ${name}`, to: { ...world, [name]: null } };
  }
  const { main, orphan } = world;
  if (main?.life == null) return;
  yield { name: 'pm2 restart main --update-env', to: started(world, 'main', 'edited') };
  if (!main.serves && orphan === null) {
    const twice = started(world, 'main', main.release);
    yield { name: 'pm2 start main as it starts', to: { ...twice, orphan: main.life } };
  }
}

/** What was down is there again: PM2 keeps the proxy up, and people put right what they took away. */
export function* recoveries(world: World): Iterable<Event> {
  if (!world.proxyAnswers)
    yield { name: 'the proxy is back', to: { ...world, proxyAnswers: true } };
  if (!world.daemonAnswers) {
    yield { name: 'PM2 answers again', to: { ...world, daemonAnswers: true } };
  }
  const { main } = world;
  if (world.daemonAnswers && (main === null || main.stoppedByHand)) {
    const to = started(world, 'main', main?.release ?? world.dump);
    yield { name: 'main is started by hand', to: changed(to, 'main', { proven: true }) };
  }
}
