import type { ApprovedStatement } from '../domain/index.ts'
import type { PipelineEvent } from './delivery.ts'
import { executeWrite } from './execute-write.ts'
import { present } from './present/index.ts'
import { CellRun, run } from './run/index.ts'
import type { Walk } from './stages.ts'
import { leaseWatched, watchOf } from './watch.ts'

/** Runs what the guard has sealed; a write that comes here needs nobody's consent, or has it. */
export function execute(walk: Walk, approved: ApprovedStatement): AsyncGenerator<PipelineEvent> {
  return approved.access === 'read' ? executeRead(walk, approved) : executeConsented(walk, approved)
}

async function* executeConsented(walk: Walk, approved: ApprovedStatement): AsyncGenerator<PipelineEvent> {
  const { question, ledger } = walk
  if (question.purpose === 'explain') return await ledger.end('drafted') // the plan of a write is not asked for
  yield* executeWrite(walk, approved)
  await ledger.end('answered')
}

async function* executeRead(walk: Walk, approved: ApprovedStatement): AsyncGenerator<PipelineEvent> {
  const { rooms, actor, question, signal, delivery, ledger, target } = walk
  const mark = { entryId: question.id, actor: actor.name }
  const watch = watchOf(walk, 'read')
  const lease = watch === null ? await target.lease(signal) : yield* leaseWatched(walk, watch)
  try {
    if (question.purpose === 'explain') {
      yield { type: 'plan-ready', plan: await lease.explain(approved, { signal, mark }) }
      await ledger.end('drafted')
      return
    }
    const { batchRows, format } = delivery
    const options = { signal: watch?.signal ?? signal, mark, meter: ledger.meter, onlooker: ledger.chart, batchRows }
    if (watch === null && format === null) {
      const cells = new CellRun(approved, lease, options)
      try {
        for (let event = await cells.next(); event !== null; event = await cells.next()) yield event
      } finally {
        await cells.leave()
      }
    } else {
      const rows = run(approved, lease, { ...options, format: delivery.escapesFormulas === true ? null : format })
      const events = present(rows, delivery)
      yield* watch === null ? events : watch.steps(events)
    }
  } finally {
    ledger.meter.stop()
    await lease.release()
    rooms.observe({ type: 'run-ended', dialect: target.catalog.dialect, ...ledger.meter.summary() })
  }
  await ledger.end('answered')
}
