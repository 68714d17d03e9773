import { parentPort } from 'node:worker_threads'
import type { Catalog, Relation } from '../../../domain/index.ts'
import { Analysers } from '../analysers.ts'
import { certain } from '../certain.ts'
import { threadEffort } from '../effort.ts'
import { judgeStatement, type Judged } from '../judge-statement.ts'
import type { JudgeReply, ToJudge } from './judge-messages.ts'

/** Judges what is too much for the event loop, one statement at a time. Whoever started this thread holds the clock. */
const analysers = new Analysers(threadEffort)
const catalogs = new Map<string, Catalog & { readonly relations: Relation[] }>()

await analysers.of('postgres')
parentPort?.postMessage('ready')

type Judging = Extract<ToJudge, { type: 'judge' }>

parentPort?.on('message', (message: ToJudge) => {
  switch (message.type) {
    case 'catalog':
      catalogs.clear() // one is enough: large statements are rare, and memory is not free
      catalogs.set(message.key, { ...message.catalog, relations: [] })
      return
    case 'relations':
      catalogs.get(message.key)?.relations.push(...message.relations)
      return
    case 'judge':
      void answer(message)
  }
})

async function answer(message: Judging): Promise<void> {
  const reply: JudgeReply = { judged: await judge(message) }
  parentPort?.postMessage(reply)
}

async function judge({ subject, context, catalogKey }: Judging): Promise<Judged | null> {
  try {
    const catalog = catalogKey === null ? null : certain(catalogs.get(catalogKey))
    return await judgeStatement(subject, { ...context, catalog }, await analysers.of(context.dialect))
  } catch {
    return null
  }
}
