import "@/theme/fonts.css";
import "@/theme/tokens.css";
import "@/theme/mantine.css";
import "@/theme/global.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenSessionBegins, whenSessionEnds } from "@/api/client";
import { meQuery } from "@/api/hooks";
import { queryClient } from "@/app/queryClient";
import { router } from "@/app/router";
import { Messages } from "@/messages";
import { theme } from "@/theme/theme";

const schemes = localStorageColorSchemeManager({ key: "cjm-color-scheme" });

whenSessionEnds(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/signin") return;
  const hadSession = queryClient.getQueryData(meQuery.queryKey) !== undefined;
  queryClient.clear();
  // Whoever comes in by the front door has no page to return to.
  void router.navigate({ to: "/signin", search: hadSession || href !== "/" ? { next: href } : {}, replace: true });
});
// In this browser it is the session of all tabs: who it is, what they may do, the token of changes.
whenSessionBegins(() => void queryClient.invalidateQueries({ queryKey: meQuery.queryKey }));

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
createRoot(place).render(
  <StrictMode>
    <Messages>
      <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={schemes}>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </Messages>
  </StrictMode>,
);
