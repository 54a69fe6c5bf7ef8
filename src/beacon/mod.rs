//! Names of what leaves the device (Segment specification). `www/beacon.js` writes them; a test holds both to one table.

/// Touchpoint or record, and the event name it has on the wire.
pub const EVENT_NAMES: [(&str, &str); 16] = [
    ("click", "Element Clicked"),
    ("search", "Products Searched"),
    ("view_item", "Product Viewed"),
    ("view_list", "Product List Viewed"),
    ("add_to_cart", "Product Added"),
    ("remove_from_cart", "Product Removed"),
    ("begin_checkout", "Checkout Started"),
    ("purchase", "Order Completed"),
    ("refund", "Order Refunded"),
    ("share", "Product Shared"),
    ("exposure", "Experiment Viewed"),
    ("late", "Experiment Late"),
    ("goal", "Goal Reached"),
    ("experience", "Experience Viewed"),
    ("slot_view", "Product List Viewed"),
    ("slot_click", "Product Clicked"),
];

/// What a received event is here; an event of the site's own keeps its name.
#[must_use]
pub fn touchpoint_type<'a>(segment_type: &'a str, event: &'a str) -> &'a str {
    match segment_type {
        "page" | "screen" => "page_view",
        "track" => EVENT_NAMES.iter().find(|(_, wire)| *wire == event).map_or(event, |(name, _)| name),
        other => other,
    }
}
