/** What a search has led to and no picture has shown yet: the map brings its host into view once. */
import { signal } from "@preact/signals";

export const sought = signal("");
