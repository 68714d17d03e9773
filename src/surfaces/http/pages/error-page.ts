import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../../../contract/index.ts'
import { problemHeaders } from '../problem.ts'
import { html, sendPage } from './layout.ts'

/** What a person sees where a program would get the problem document; whoever is not signed in is sent to do so and comes back. */
export function sendErrorPage(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 401 && request.method === 'GET')
    return reply.redirect(`/auth/sign-in?return_to=${encodeURIComponent(request.url)}`, 303)
  for (const [name, value] of Object.entries(problemHeaders(problem.status)))
    if (name !== 'www-authenticate' && !reply.hasHeader(name)) void reply.header(name, value)
  const body = html`<p>${problem.detail}</p>
    ${problem.hint === undefined ? null : html`<p>${problem.hint}</p>`}
    <p><a href="/auth/sign-in">Back to sign-in</a></p>
    <p class="soft">${problem.code} · ${problem.instance ?? ''}</p>`
  return sendPage(reply, { title: titleOf(problem), body }, problem.status)
}

function titleOf({ status }: Problem): string {
  if (status === 404) return 'There is nothing here'
  return status >= 500 ? 'That did not work' : 'That was refused'
}
