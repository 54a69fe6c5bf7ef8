//! How many events an address and a write key may send: token buckets, filled by the second, that hold ten seconds' worth.
//!
//! Addresses are looked at in memory alone. IPv6 counts by /64, which is what one household has. This machine's own
//! address is not limited: behind a proxy that `--trusted-proxy` does not name, all visitors would share it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::collect::MAX_EVENTS;
use super::keys::WriteKeys;
use super::refused::Refused;

const BURST_SECONDS: u32 = 10;
/// Addresses kept in mind; those with a full bucket are let go first.
const MAX_ADDRESSES: usize = 100_000;

#[derive(Debug)]
pub struct Rates {
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    keys: BTreeMap<String, DefaultDirectRateLimiter>,
    clock: DefaultClock,
}

impl Rates {
    /// `per_address` events a second; `None` for no limit.
    #[must_use]
    pub fn new(per_address: Option<NonZeroU32>, keys: &WriteKeys) -> Self {
        let keys = match keys {
            WriteKeys::Anyone => BTreeMap::new(),
            WriteKeys::Known(keys) => keys
                .iter()
                .filter_map(|(name, key)| {
                    Some((name.clone(), RateLimiter::direct(quota(key.events_per_second?))))
                })
                .collect(),
        };
        Self {
            addresses: per_address.map(|rate| RateLimiter::keyed(quota(rate))),
            keys,
            clock: DefaultClock::default(),
        }
    }

    /// Takes `events` from both buckets, or says when there will be as many.
    pub fn take(&self, address: Option<IpAddr>, key: Option<&str>, events: usize) -> Result<(), Refused> {
        let Some(events) = NonZeroU32::new(u32::try_from(events).unwrap_or(u32::MAX)) else { return Ok(()) };
        let wait = |until: governor::NotUntil<_>| until.wait_time_from(self.clock.now());
        if let (Some(limiter), Some(address)) =
            (&self.addresses, address.filter(|address| !address.is_loopback()))
        {
            if limiter.len() > MAX_ADDRESSES {
                limiter.retain_recent();
            }
            if limiter.len() > MAX_ADDRESSES {
                return Err(Refused::too_often("too many addresses at a time:", Duration::from_secs(10)));
            }
            if let Ok(Err(until)) = limiter.check_key_n(&household(address), events) {
                return Err(Refused::too_often("this address", wait(until)));
            }
        }
        if let Some(limiter) = key.and_then(|key| self.keys.get(key))
            && let Ok(Err(until)) = limiter.check_n(events)
        {
            return Err(Refused::too_often("this write key", wait(until)));
        }
        Ok(())
    }
}

/// Every batch must fit into a full bucket, or it could never be sent.
fn quota(per_second: NonZeroU32) -> Quota {
    let least = u32::try_from(MAX_EVENTS).unwrap_or(u32::MAX);
    let burst = per_second.get().saturating_mul(BURST_SECONDS).max(least);
    Quota::per_second(per_second).allow_burst(NonZeroU32::new(burst).unwrap_or(per_second))
}

fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        },
    }
}
