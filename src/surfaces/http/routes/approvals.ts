import { approvalQueryShape, approvalShape, decisionShape, pageOf } from '../../../contract/index.ts'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { idParams, problems, problemsWithBody } from '../documented.ts'
import type { HttpRooms } from '../rooms.ts'

export function approvalRoutes(app: App, { approvals }: Pick<HttpRooms, 'approvals'>): void {
  app.get(
    '/api/v1/approvals',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listApprovals',
        tags: ['approvals'],
        summary: 'Statements that wait for, or had, another person’s consent: your own, and those you could decide on',
        querystring: approvalQueryShape,
        response: { 200: pageOf(approvalShape), ...problems() },
      },
    },
    async (request) => {
      const { state, mine, after, limit } = request.query
      return await approvals.list(actorOf(request), {
        limit,
        ...(state === undefined ? {} : { state }),
        ...(mine === undefined ? {} : { isMine: mine }),
        ...(after === undefined ? {} : { after }),
      })
    },
  )
  app.get(
    '/api/v1/approvals/:id',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'getApproval',
        tags: ['approvals'],
        summary: 'One request: the statement, what it changes, who asked and decided, how it ended',
        params: idParams,
        response: { 200: approvalShape, ...problems(404) },
      },
    },
    async (request) => approvals.get(actorOf(request), request.params.id),
  )
  decisionRoutes(app, approvals)
}

const decisions = [
  ['approve', 'approveRequest', 'Consent to the statement; a write is run at once, as its requester, and the answer tells how it went'],
  ['reject', 'rejectRequest', 'Say no'],
] as const

function decisionRoutes(app: App, approvals: HttpRooms['approvals']): void {
  for (const [verb, operationId, summary] of decisions) {
    app.post(
      `/api/v1/approvals/:id/${verb}`,
      {
        config: { access: 'approve' },
        schema: {
          operationId,
          tags: ['approvals'],
          summary: `${summary}. Never by who has asked, and only by a person`,
          params: idParams,
          body: decisionShape.optional(),
          response: { 200: approvalShape, ...problemsWithBody(404, 409) },
        },
      },
      async (request) => approvals[verb](actorOf(request), request.params.id, request.body?.comment ?? null),
    )
  }
  app.post(
    '/api/v1/approvals/:id/cancel',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'cancelRequest',
        tags: ['approvals'],
        summary: 'Take your own request back',
        params: idParams,
        response: { 200: approvalShape, ...problems(404, 409) },
      },
    },
    async (request) => approvals.cancel(actorOf(request), request.params.id),
  )
}
