import { newId, type Question } from '../../../domain/index.ts'
import { draftAnswerShape, draftQuestionShape, type DraftAnswerBody, type DraftQuestionBody } from '../../../contract/index.ts'
import type { PipelineEvent } from '../../../question/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { problemsWithBody } from '../documented.ts'
import { Exchange } from '../exchange.ts'
import type { HttpRooms } from '../rooms.ts'

export function draftRoutes(app: App, rooms: Pick<HttpRooms, 'answer'>): void {
  app.post(
    '/api/v1/drafts',
    {
      config: { access: 'ask', isHeavy: true },
      schema: {
        operationId: 'draft',
        tags: ['questions'],
        summary: 'Draft and judge without running',
        description: 'What would run and what the guard says of it; with `explain` the server’s plan as well.',
        body: draftQuestionShape,
        response: { 200: draftAnswerShape, ...problemsWithBody(404) },
      },
    },
    async (request, reply) => {
      const asked = questionOf(request.body)
      const events = rooms.answer(actorOf(request), asked, new Exchange(reply).stop)
      return collect(asked, events)
    },
  )
}

async function collect(asked: Question, events: AsyncGenerator<PipelineEvent>): Promise<DraftAnswerBody> {
  let body: DraftAnswerBody = { id: asked.id, connection: asked.connection, outcome: 'failed' }
  for await (const event of events) {
    if (event.type === 'draft-ready') body = { ...body, draft: event.draft }
    else if (event.type === 'verdict-reached') body = { ...body, verdict: event.verdict }
    else if (event.type === 'plan-ready') body = { ...body, plan: event.plan }
    else if (event.type === 'answer-end')
      body = { ...body, outcome: event.outcome, ...(event.failure === undefined ? {} : { failure: event.failure }) }
  }
  return body
}

function questionOf(body: DraftQuestionBody): Question {
  return {
    id: newId(),
    connection: body.connection,
    input: 'sql' in body ? { kind: 'sql', sql: body.sql, params: body.params ?? [] } : { kind: 'text', text: body.text },
    conversation: body.conversation ?? null,
    limits: body.limits ?? {},
    askedAt: new Date(),
    purpose: body.explain === true ? 'explain' : 'draft',
  }
}
