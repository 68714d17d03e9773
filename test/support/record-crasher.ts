// A server that asks without pause until it is killed. Arguments: the store's address and the actor, as JSON; the database that is
// asked; how many ask at once.
import { newId, Secret, type Actor } from '../../src/domain/index.ts'
import { createKeyring, type StoreAddress } from '../../src/platform/store/index.ts'
import { createRecord } from '../../src/question/record/index.ts'
import { answered, drafted, openStore, question, secretKey } from './record-rig.ts'
import { Client } from 'pg'

const { password, ...rest } = JSON.parse(process.argv[2] ?? '') as Omit<StoreAddress, 'password'> & { password: string } // from record-crash.test.ts
const actor = JSON.parse(process.argv[3] ?? '') as Actor // from the same
const store = openStore({ ...rest, password: new Secret(password) })
const record = createRecord({
  store,
  keyring: createKeyring({ store, secretKey }),
  observe: () => undefined,
  serverId: newId(),
  isEnabled: true,
})

/** The database that is asked: what was run there must be in the record, whatever died when. */
const asked = process.argv[4]
const customer = asked === undefined ? null : new Client({ connectionString: asked })
await customer?.connect()

/** Says what is durable, so that the reader knows what must be found again. */
async function askForever(): Promise<never> {
  for (;;) {
    const intent = await record.begin(actor, { question: question('until killed'), connection: 'x', firstAttempt: null })
    console.log(`begun ${intent.entryId}`)
    await record.attempt(actor, intent, drafted)
    await customer?.query('INSERT INTO executed (entry_id) VALUES ($1)', [intent.entryId])
    await record.end(actor, intent, answered)
    console.log(`ended ${intent.entryId}`)
  }
}

await Promise.all(Array.from({ length: Number(process.argv[5] ?? 16) }, askForever))
