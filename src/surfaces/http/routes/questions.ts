import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { newId, type Question } from '../../../domain/index.ts'
import { answerShape, questionShape, type QuestionBody } from '../../../contract/index.ts'
import { cells, csv, ndjson, safeCsv, watchedCells, type Delivery, type PipelineEvent } from '../../../question/index.ts'
import type { App } from '../app.ts'
import { answerTypeOf, type AnswerType } from '../answers/accept.ts'
import { bufferAnswer, maxBufferedBytes } from '../answers/buffered.ts'
import { sendEventStream } from '../answers/event-stream.ts'
import { primed } from '../answers/primed.ts'
import { sendRowsFile } from '../answers/rows-file.ts'
import { actorOf } from '../credentials.ts'
import { eventStreamOf, idParams, noContent, problems, problemsWithBody } from '../documented.ts'
import { sendProblem } from '../errors.ts'
import { Exchange } from '../exchange.ts'
import { problem } from '../problem.ts'
import type { HttpRooms } from '../rooms.ts'
import { statusOf } from '../status.ts'

const answers = {
  description:
    'The answer, as `accept` asks. An event stream and JSON carry every outcome, refusals too, with status 200. Of work that takes longer than ' +
    'a second an event stream tells with `progress`, at most once a second. Skip events whose type you do not know. CSV and NDJSON carry rows ' +
    'only: an answer without any is a problem document. NDJSON ends with a line `{"$end": …}`; CSV (RFC 4180, with a header line) ends with ' +
    'the trailers `x-aishell-outcome`, `x-aishell-rows` and `x-aishell-truncated`, and is cut off when it fails half-way; `escapeFormulas` makes it ' +
    'safe to open in a spreadsheet. ' +
    '`x-aishell-question` is the id under which the history has the entry.',
  content: {
    'text/event-stream': { schema: eventStreamOf('one AnswerEvent, and its `event` the type of it,') },
    'application/json': { schema: answerShape },
    'text/csv': { schema: z.string() },
    'application/x-ndjson': { schema: z.string() },
  },
}

export function questionRoutes(app: App, rooms: Pick<HttpRooms, 'answer' | 'running' | 'observer'>): void {
  app.post(
    '/api/v1/questions',
    {
      config: { access: 'ask', isHeavy: true },
      schema: {
        operationId: 'ask',
        tags: ['questions'],
        summary: 'Ask in plain language or in SQL',
        body: questionShape,
        response: { 200: answers, ...problemsWithBody(404, 406, 409, 422) },
      },
    },
    async (request, reply) => {
      const type = answerTypeOf(request.headers.accept)
      const exchange = new Exchange(reply)
      const asked = questionOf(request.body, type)
      const delivery = type === 'text/csv' && request.body.escapeFormulas === true ? safeCsv : deliveries[type]
      const answer = rooms.answer(actorOf(request), asked, exchange.stop, delivery)
      if (type === 'application/json') return sendBuffered(reply, asked, answer)
      const events = await primed(answer)
      await exchange.guarded(rooms.observer.observe, request.id, async () => {
        if (type === 'text/event-stream') return sendEventStream(exchange, asked.id, events)
        const problemInstead = await sendRowsFile(exchange, type === 'text/csv' ? 'csv' : 'ndjson', asked.id, events)
        if (problemInstead !== null) void sendProblem(reply.header('x-aishell-question', asked.id), problemInstead)
      })
      return reply
    },
  )

  app.delete(
    '/api/v1/questions/:id',
    {
      config: { access: 'ask' },
      schema: {
        operationId: 'cancelQuestion',
        tags: ['questions'],
        summary: 'Cancel a running question',
        description: 'Stops the answer and the database’s query. One’s own, or anybody’s with the right to read the audit.',
        params: idParams,
        response: { 204: noContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      await rooms.running.cancel(actorOf(request), request.params.id)
      return reply.code(204).send()
    },
  )
}

const deliveries: Readonly<Record<AnswerType, Delivery>> = {
  'application/json': cells,
  'text/event-stream': watchedCells,
  'text/csv': csv,
  'application/x-ndjson': ndjson,
}

/** Where the server was too busy even to begin, the status says so: clients and balancers know how to wait. */
async function sendBuffered(reply: FastifyReply, asked: Question, events: AsyncGenerator<PipelineEvent>): Promise<FastifyReply> {
  const { text, end } = await bufferAnswer(asked.id, asked.connection, events)
  void reply.header('x-aishell-question', asked.id).header('cache-control', 'no-store')
  const failure = end?.failure
  if (failure?.kind === 'busy') return sendProblem(reply, problem(statusOf(failure), { ...failure, instance: asked.id }))
  return reply.type('application/json; charset=utf-8').send(text)
}

function questionOf(body: QuestionBody, type: AnswerType): Question {
  const limits = body.limits ?? {}
  const isTooWide = type === 'application/json' && limits.maxBytes !== undefined && limits.maxBytes > maxBufferedBytes
  return {
    id: newId(),
    connection: body.connection,
    input: 'sql' in body ? { kind: 'sql', params: body.params ?? [], sql: body.sql } : { kind: 'text', text: body.text },
    conversation: body.conversation ?? null,
    limits: isTooWide ? { ...limits, maxBytes: maxBufferedBytes } : limits,
    askedAt: new Date(),
    purpose: 'run',
  }
}
