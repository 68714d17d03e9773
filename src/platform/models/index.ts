// Takes a prompt; gives the object a language model answered with.
// Time-out, breaker, token budget and fallback order live here, provider by provider.
// Touches the network, at the operator's provider addresses only.
// Refuses catalogs and rows it was not handed inside the prompt.
export { createModels, type ModelsOptions } from './create-models.ts'
export { examineModel } from './examine-model.ts'
export { modelProviders, type ModelAnswer, type ModelPrompt, type ModelProvider, type Models } from './models.ts'
