import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { Messages } from "@/messages";
import { parseSearch, stringifySearch } from "@/shared/search";

/** A client whose answers are those put into it. */
export const quietClient = (): QueryClient => new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } });

/** Renders a part of the page at an address, with notifications; `where` tells the address now, `back` is the browser's. For tests. */
export function showAt(address: string, content: ReactNode, client: QueryClient) {
  const root = createRootRoute();
  const router = createRouter({
    routeTree: root.addChildren(["/", "/data/datasets/$datasetId", "/data/imports/$importId", "/history/analyses/$analysisId", "$"].map((path) => createRoute({ getParentRoute: () => root, path, component: () => content }))),
    history: createMemoryHistory({ initialEntries: [address] }),
    parseSearch,
    stringifySearch,
  });
  const view = render(
    <QueryClientProvider client={client}>
      <Messages>
        <MantineProvider env="test">
          <Notifications />
          <RouterProvider router={router as never} />
        </MantineProvider>
      </Messages>
    </QueryClientProvider>,
  );
  return { ...view, where: () => router.state.location.href, back: () => router.history.back() };
}
