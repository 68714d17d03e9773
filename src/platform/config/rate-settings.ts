import { whole } from './setting.ts'

const perMinute = (name: string, defaultValue: number, description: string) =>
  whole<number>(name, [0, 1_000_000_000], { defaultValue, description: `${description} a minute, over all servers; 0: no limit.` })

/** Requests a minute; they may come at once. Over the limit they are refused with 429. */
export const rateSettings = {
  actorQuestions: perMinute('RATE_ACTOR_QUESTIONS', 12_000, 'Questions, drafts and MCP calls of one member'),
  tenantQuestions: perMinute('RATE_TENANT_QUESTIONS', 60_000, 'Questions, drafts and MCP calls of one tenant'),
  actorRequests: perMinute('RATE_ACTOR_REQUESTS', 12_000, 'Other API requests of one member'),
  tenantRequests: perMinute('RATE_TENANT_REQUESTS', 60_000, 'Other API requests of one tenant'),
  networkOpen: perMinute(
    'RATE_NETWORK_OPEN',
    1_200,
    'Requests without a credential (sign-in, its pages, the docs) from one address, see TRUSTED_PROXIES,',
  ),
} as const
