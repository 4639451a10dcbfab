// Previews for the command line, with the rights of the person who asks.

import { systemClock } from '../adapters/clock/clock.ts';
import { installationKeyIfReadable } from '../adapters/cluster/installation-key.ts';
import type { Connection, Preview } from '../cli/environment.ts';
import { whoAmI } from '../cli/request.ts';
import { DEFAULT_NAMESPACE } from '../config.ts';
import { type PreviewParts, previewDiff, previewUndo } from '../loop/preview.ts';
import { PawlError } from '../model/errors.ts';

export const preview: Preview = {
  async undo(connection, app, to, signal) {
    try {
      const by = await whoAmI(connection, signal);
      return await previewUndo(await partsOf(connection, signal), app, { to, by }, signal);
    } catch (error) {
      if (error instanceof PawlError && error.code === 'UndoRefused') return { refused: error.message };
      throw error;
    }
  },
  async diff(connection, app, signal) {
    return previewDiff(await partsOf(connection, signal), app, signal);
  },
};

async function partsOf({ cluster, git }: Connection, signal: AbortSignal): Promise<PreviewParts> {
  const hmacKey = await installationKeyIfReadable(cluster.as(undefined), DEFAULT_NAMESPACE, signal);
  return { cluster, git, clock: systemClock, hmacKey };
}
