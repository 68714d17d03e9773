import type { FastifyReply, FastifyRequest } from 'fastify'
import { ShellError } from '../../domain/index.ts'
import type { RateOutcome, RateSubject } from '../../platform/tenancy/index.ts'
import type { App } from './app.ts'
import { goOnLater } from './go-on-later.ts'
import type { HttpRooms } from './rooms.ts'

/** Kubelets and scrapers must never be told to come later. */
const unlimited: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics'])

/** Counts each request against its limits a minute and refuses what goes beyond, before its body is read. */
export function limitRates(app: App, { rates }: Pick<HttpRooms, 'rates'>): void {
  if (rates === undefined) return
  app.addHook('onRequest', (request, reply, done) => {
    const outcome = rates.take(subjectsOf(request))
    if (!(outcome instanceof Promise)) return done(shown(outcome, reply))
    void goOnLater(outcome, (late) => shown(late, reply), done)
  })
}

function subjectsOf(request: FastifyRequest): readonly RateSubject[] {
  const { actor, routeOptions } = request
  if (actor === null) {
    const isLimited = !unlimited.has(routeOptions.url ?? '')
    return isLimited ? [{ holder: 'network', group: 'open', id: request.ip }] : []
  }
  const group = routeOptions.config.isHeavy === true ? 'questions' : 'requests'
  return [
    { holder: 'actor', group, id: `${actor.tenantId}:${actor.memberId}` },
    { holder: 'tenant', group, id: actor.tenantId },
  ]
}

/** Headers of draft-ietf-httpapi-ratelimit-headers-10: `q` per `w` seconds, `r` left, full again in `t` seconds. */
function shown({ waitMs, tightest }: RateOutcome, reply: FastifyReply): ShellError | undefined {
  if (tightest === null) return undefined
  const { holder, limit, left } = tightest
  const refillS = Math.ceil(((limit - left) * 60) / limit)
  void reply.header('ratelimit-policy', `"${holder}";q=${limit};w=60`).header('ratelimit', `"${holder}";r=${left};t=${refillS}`)
  if (waitMs === null) return undefined
  const whose = { actor: 'you', tenant: 'your tenant', network: 'your network address' }[holder]
  return new ShellError({
    code: 'http.rate-limited',
    kind: 'busy',
    message: `More than ${limit} such requests a minute have come from ${whose}.`,
    hint: 'Wait for as long as `retry-after` says. An operator can set other limits with RATE_*.',
    retryAfterS: Math.max(1, Math.ceil(waitMs / 1_000)),
  })
}
