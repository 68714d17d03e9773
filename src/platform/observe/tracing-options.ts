import type { Secret } from '../../domain/index.ts'

export interface TracingOptions {
  /** Whole address of the collector's traces endpoint. */
  readonly url: string
  /** Asked for with each batch: what is in them may change. */
  readonly headers: () => Readonly<Record<string, string>>
  readonly serviceName: string
  readonly attributes: Readonly<Record<string, string>>
  /** Share of traces started here that are kept, 0 to 1. */
  readonly sampleRatio: number
}

/** The values of OTEL_* as settings hold them. */
export interface TracingSettings {
  readonly isDisabled: boolean
  readonly endpoint: string | null
  readonly tracesEndpoint: string | null
  readonly headers: Secret | null
  readonly serviceName: string
  readonly resourceAttributes: string | null
  readonly sampleRatio: string
}

/** null where no collector is named: then nothing is loaded and nothing exported. */
export function tracingOptions(settings: TracingSettings): TracingOptions | null {
  const url = settings.tracesEndpoint ?? (settings.endpoint === null ? null : `${settings.endpoint}/v1/traces`)
  if (settings.isDisabled || url === null) return null
  return {
    url,
    headers: () => pairs(settings.headers?.reveal() ?? ''),
    serviceName: settings.serviceName,
    attributes: pairs(settings.resourceAttributes ?? ''),
    sampleRatio: Number(settings.sampleRatio),
  }
}

/** `a=1,b=2` with percent-encoded values, as OpenTelemetry writes lists in the environment. */
function pairs(list: string): Readonly<Record<string, string>> {
  const entries = list.split(',').flatMap((item): [string, string][] => {
    const split = item.indexOf('=')
    return split <= 0 ? [] : [[item.slice(0, split).trim(), decode(item.slice(split + 1).trim())]]
  })
  return Object.fromEntries(entries)
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value // a stray percent sign: taken as it stands
  }
}
