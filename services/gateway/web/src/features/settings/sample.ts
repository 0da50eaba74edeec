/** A curl command that sends one event; `secret` is put in as it is, so pass a placeholder where none may be shown. */
export function curlSample(origin: string, datasetId: string, secret: string, now: Date): string {
  const event = JSON.stringify({ customer_id: "c-1042", action_type: "purchase", time: now.toISOString() });
  return [
    `curl -X POST ${origin}/api/v1/datasets/${datasetId}/events \\`,
    `  -H "Authorization: Bearer ${secret}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${event}'`,
  ].join("\n");
}
