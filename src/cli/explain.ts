// Errors as people read them: what happened, and what to do. A hint here speaks to the user of a command, where
// the adapter's own hint speaks to whoever runs the agent.

import { ApiError, messageOf, PawlError } from '../model/errors.ts';

export interface Explanation {
  code: string;
  message: string;
  hint: string | undefined;
}

export function explain(error: unknown): Explanation {
  if (error instanceof ApiError) {
    return { code: error.code, message: error.message, hint: hintOf(error) };
  }
  if (error instanceof PawlError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'Unexpected',
    message: messageOf(error),
    hint: 'This is a mistake in Pawl; please report it with the output of PAWL_DEBUG=1.',
  };
}

function hintOf(error: ApiError): string | undefined {
  switch (error.status) {
    case 0:
      return 'Look whether the cluster runs, and whether --kubeconfig and --context name the right one.';
    case 401:
      return 'Log in to the cluster again: it does not take the credentials of the kubeconfig.';
    case 403:
      return 'This is done with your own rights: ask for them, or use another --context. `kubectl auth can-i` tells what you may do.';
    case 409:
      return 'Somebody else changed it at the same moment: try again.';
    default:
      return error.hint;
  }
}
