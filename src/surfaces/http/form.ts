import type { App } from './app.ts'

/** Forms are read on the pages that have one, and nowhere else: an API that takes them could be posted to by any site. */
export function readForms(app: App): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 16 * 1024 }, (request, body, done) => {
    if (request.routeOptions.config.isForm === true) done(null, Object.fromEntries(new URLSearchParams(String(body))))
    else done(Object.assign(new Error('no form here'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }))
  })
}
