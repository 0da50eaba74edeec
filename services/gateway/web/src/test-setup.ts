import { afterEach } from "vitest";
import { cleanup, configure } from "@testing-library/react";

// How long what is to appear may take on a busy machine; who finds it does not wait.
configure({ asyncUtilTimeout: 10_000 });
afterEach(cleanup);
