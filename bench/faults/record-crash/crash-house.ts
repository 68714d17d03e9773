import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, type Actor } from '../../../src/domain/index.ts'
import { startEmbeddedServer, type StoreAddress } from '../../../src/platform/store/index.ts'
import { execute, freshStore } from '../../../test/support/postgres-server.ts'
import { actorOf, addTenant, openStore } from '../../../test/support/record-rig.ts'

/** What a server said was durable before it was killed. */
export interface Crash {
  readonly isDatabaseKilled: boolean
  readonly begun: readonly string[]
  readonly ended: readonly string[]
}

/** A store on a database that can be killed, and the database its servers ask. */
export interface CrashHouse {
  readonly actors: readonly Actor[]
  /** Of the tenant whose people ask at present. */
  actor(): Actor
  addTenant(): Promise<void>
  /** One server's life, for so long after its first word; whatever was killed is up again when this resolves. */
  crash(afterMs: number, killsDatabase: boolean, writers: number): Promise<Crash>
  address(): StoreAddress
  /** The store, as one who may see everything. */
  superuser(): StoreAddress
  customer(): StoreAddress
  close(): Promise<void>
}

/** `crasher`: path of the program that is killed. */
export async function openCrashHouse(folder: string, crasher: string): Promise<CrashHouse> {
  const home = join(folder, 'postgres')
  const start = () => startEmbeddedServer({ home, isDurable: true })
  let server = await start()
  const { superuser: first, ...made } = await freshStore(server)
  const actors: Actor[] = []
  const at = (address: StoreAddress) => ({ ...address, port: server.port })
  const house: CrashHouse = {
    actors,
    actor: () => actors.at(-1) ?? actorOf(newId()),
    addTenant: async () => {
      actors.push(actorOf(newId()))
      const store = openStore(house.address())
      await addTenant(store, house.actor().tenantId)
      await store.close()
    },
    crash: async (afterMs, isDatabaseKilled, writers) => {
      const said = await untilKilled([crasher, ...argumentsOf(house), String(writers)], afterMs, () => {
        if (isDatabaseKilled) process.kill(postmaster(home), 'SIGKILL')
      })
      if (isDatabaseKilled) server = await start()
      return { isDatabaseKilled, ...said }
    },
    address: () => at(made),
    superuser: () => at(first),
    customer: () => at({ ...first, database: 'postgres' }),
    close: () => server.stop(),
  }
  await execute(house.customer(), 'CREATE TABLE executed (entry_id uuid PRIMARY KEY)')
  return house
}

function argumentsOf(house: CrashHouse): readonly string[] {
  const [{ password, ...address }, asked] = [house.address(), house.customer()]
  const url = `postgres://${asked.user}:${encodeURIComponent(asked.password?.reveal() ?? '')}@${asked.host}:${asked.port}/${asked.database}`
  return [JSON.stringify({ ...address, password: password?.reveal() }), JSON.stringify(house.actor()), url]
}

const postmaster = (home: string): number => Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

async function untilKilled(args: readonly string[], afterMs: number, alsoKill: () => void): Promise<Pick<Crash, 'begun' | 'ended'>> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  const gone = once(child, 'close') // not `exit`: what it said may still be on the way
  const firstWord = once(child.stdout, 'data')
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  await Promise.race([firstWord, gone])
  await sleep(afterMs)
  alsoKill()
  child.kill('SIGKILL')
  await gone
  const ids = (word: string): string[] => Array.from(said.matchAll(new RegExp(`^${word} (\\S{36})$`, 'gm')), (match) => match[1] ?? '')
  return { begun: ids('begun'), ended: ids('ended') }
}
