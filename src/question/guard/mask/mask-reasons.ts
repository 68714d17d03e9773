import type { Reason, Span } from '../../../domain/index.ts'
import type { RelationUse } from '../analysis.ts'

export const needsCatalog: Reason = {
  code: 'guard.mask-needs-catalog',
  message: 'The policy masks or filters tables, which can only be done against the catalog.',
  hint: 'Judge the statement with the catalog of its connection.',
}

export function brokenFilter(name: string): Reason {
  return {
    code: 'guard.filter-broken',
    message: `The policy filters the rows of ${name} by a column it has not got, so none can be shown.`,
    hint: 'An editor can correct the filter in the policy.',
  }
}

export function unfitMask(name: string, column: string): Reason {
  return {
    code: 'guard.mask-unfit',
    message: `The policy masks ${name}.${column} in a way that its type does not allow, so it cannot be shown.`,
    hint: 'An editor can choose another mask in the policy: `null` fits every type.',
  }
}

export function cannotBeMasked(name: string, span: Span, why: string, hint: string): Reason {
  return { code: 'guard.mask-unspliced', message: `${name} is masked or filtered for you, and ${why}.`, span, hint }
}

/** What came of laying the masks is not what was meant. */
export function unspliced({ name, span }: Pick<RelationUse, 'name' | 'span'>): Reason {
  return cannotBeMasked(name, span, 'the statement cannot be rewritten so that this holds', 'Write the statement more simply.')
}

export function explainMasked(name: string, span: Span): Reason {
  return {
    code: 'guard.explain-masked',
    message: `${name} is masked or filtered for you; the plan of a statement over it would tell of what is hidden.`,
    span,
    hint: 'Run the statement itself.',
  }
}

export function behindView(name: string, span: Span): Reason {
  return {
    code: 'guard.mask-behind-view',
    message: `${name} shows columns or rows that are masked or filtered for you, and what it is made of cannot be opened here.`,
    span,
    hint: 'Ask about the tables behind it.',
  }
}

export function writesMasked(name: string, span: Span): Reason {
  return {
    code: 'guard.write-masked',
    message: `This changes data by what is masked or filtered for you in ${name}: a mask could be written back as a value.`,
    span,
    hint: 'Leave the masked columns out, or ask somebody for whom they are not masked.',
  }
}
