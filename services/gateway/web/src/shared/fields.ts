import type { Translate } from "@/messages";

/** Every event field of the data model that a file's column may fill, in the order of the import wizard. */
export const EVENT_FIELDS = [
  "customer_id", "action_type", "time", "event_id", "session_id",
  "channel_type", "device_category", "device_os", "device_browser",
  "traffic_source_name", "traffic_source_url",
  "interact_item_type", "interact_item_id", "interact_item_url", "interact_item_content",
  "order_id", "item_id", "value", "currency",
  "experience_emotion", "experience_score",
  "geo_continent", "geo_country", "geo_city", "store_id", "employee_id",
  "webpage_hostname", "webpage_url", "webpage_title", "app_name", "app_screen_title",
] as const;

export const REQUIRED_FIELDS = ["customer_id", "action_type", "time"] as const;
const KNOWN = new Set<string>(EVENT_FIELDS);

/** The words for a field: its translated name, or the property's own name. */
export function fieldLabel(t: Translate, field: string): string {
  if (field.startsWith("properties.")) return field.slice("properties.".length);
  return KNOWN.has(field) ? t(`common.field.${field}`) : field;
}
