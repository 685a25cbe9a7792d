//! What is counted and what is charged for.

use super::Unpriced;
use super::units::{PerUnit, Units};
use crate::usage::Usage;
use agentspan_semconv::CostStatus;

/// A thing that has a rate of its own. Those of tokens are nested: plain input is what no part of it has a rate for.
///
/// Parts come before what they are parts of, so that plain counts fall out in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    CacheAudioRead,
    CacheImageRead,
    CacheWrite5m,
    CacheWrite1h,
    CacheRead,
    CacheWrite,
    InputAudio,
    InputImage,
    InputVideo,
    Input,
    Reasoning,
    OutputAudio,
    OutputImage,
    OutputVideo,
    Output,
    InputAudioSeconds,
    AudioSeconds,
    WebSearches,
    FileSearches,
    Requests,
}

/// Which sum a part belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
    Other,
}

pub(crate) const UNITS: usize = 20;

impl Unit {
    /// In the order in which they are declared.
    pub(crate) const ALL: [Self; UNITS] = [
        Self::CacheAudioRead,
        Self::CacheImageRead,
        Self::CacheWrite5m,
        Self::CacheWrite1h,
        Self::CacheRead,
        Self::CacheWrite,
        Self::InputAudio,
        Self::InputImage,
        Self::InputVideo,
        Self::Input,
        Self::Reasoning,
        Self::OutputAudio,
        Self::OutputImage,
        Self::OutputVideo,
        Self::Output,
        Self::InputAudioSeconds,
        Self::AudioSeconds,
        Self::WebSearches,
        Self::FileSearches,
        Self::Requests,
    ];

    /// By the key of the price file.
    pub(crate) fn of_price_key(key: &str) -> Option<Self> {
        Some(match key {
            "input_mtok" => Self::Input,
            "cache_read_mtok" => Self::CacheRead,
            "cache_write_mtok" => Self::CacheWrite,
            "cache_write_5m_mtok" => Self::CacheWrite5m,
            "cache_write_1h_mtok" => Self::CacheWrite1h,
            "input_audio_mtok" => Self::InputAudio,
            "cache_audio_read_mtok" => Self::CacheAudioRead,
            "input_image_mtok" => Self::InputImage,
            "cache_image_read_mtok" => Self::CacheImageRead,
            "input_video_mtok" => Self::InputVideo,
            "output_mtok" => Self::Output,
            "output_reasoning_mtok" => Self::Reasoning,
            "output_audio_mtok" => Self::OutputAudio,
            "output_image_mtok" => Self::OutputImage,
            "output_video_mtok" => Self::OutputVideo,
            "audio_hours" => Self::AudioSeconds,
            "input_audio_hours" => Self::InputAudioSeconds,
            "web_searches_kcount" => Self::WebSearches,
            "storage_searches_kcount" => Self::FileSearches,
            "requests_kcount" => Self::Requests,
            _ => return None,
        })
    }

    /// The word for it, that of the field of [`Usage`] where there is one.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::InputAudio => "input_audio",
            Self::CacheAudioRead => "cache_audio_read",
            Self::InputImage => "input_image",
            Self::CacheImageRead => "cache_image_read",
            Self::InputVideo => "input_video",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::OutputAudio => "output_audio",
            Self::OutputImage => "output_image",
            Self::OutputVideo => "output_video",
            Self::AudioSeconds | Self::InputAudioSeconds => "seconds",
            Self::WebSearches => "web_searches",
            Self::FileSearches => "file_searches",
            Self::Requests => "requests",
        }
    }

    /// How many of them its rate is for.
    pub(crate) const fn per(self) -> u32 {
        match self {
            Self::AudioSeconds | Self::InputAudioSeconds => 3600,
            Self::WebSearches | Self::FileSearches | Self::Requests => 1000,
            _ => 1_000_000,
        }
    }

    /// In how many parts one is counted: seconds are no whole numbers.
    pub(crate) const fn fractions(self) -> u64 {
        match self {
            Self::AudioSeconds | Self::InputAudioSeconds => FRACTIONS_OF_A_SECOND,
            _ => 1,
        }
    }

    pub(crate) const fn side(self) -> Side {
        match self {
            Self::Output | Self::Reasoning | Self::OutputAudio | Self::OutputImage | Self::OutputVideo => {
                Side::Output
            }
            Self::AudioSeconds | Self::WebSearches | Self::FileSearches | Self::Requests => Side::Other,
            _ => Side::Input,
        }
    }

    const fn is_token(self) -> bool {
        self.per() == 1_000_000
    }

    pub(crate) const fn is_part_of(self, whole: Self) -> bool {
        match whole {
            Self::Input => self as u8 != whole as u8 && self.is_token() && matches!(self.side(), Side::Input),
            Self::CacheRead => matches!(self, Self::CacheAudioRead | Self::CacheImageRead),
            Self::CacheWrite => matches!(self, Self::CacheWrite5m | Self::CacheWrite1h),
            Self::InputAudio => matches!(self, Self::CacheAudioRead),
            Self::InputImage => matches!(self, Self::CacheImageRead),
            Self::Output => self as u8 != whole as u8 && matches!(self.side(), Side::Output),
            Self::AudioSeconds => matches!(self, Self::InputAudioSeconds),
            _ => false,
        }
    }

    /// What is counted in this unit as well.
    pub(crate) fn parts(self) -> Units {
        PARTS[self as usize]
    }
}

const PARTS: [Units; UNITS] = {
    let mut parts = [Units::NONE; UNITS];
    let mut whole = 0;
    while whole < UNITS {
        let mut part = 0;
        while part < UNITS {
            if Unit::ALL[part].is_part_of(Unit::ALL[whole]) {
                parts[whole] = parts[whole].with(Unit::ALL[part]);
            }
            part += 1;
        }
        whole += 1;
    }
    parts
};

/// Everything that is counted in another unit as well.
const PARTS_OF_ANY: Units = {
    let mut all = Units::NONE;
    let mut whole = 0;
    while whole < UNITS {
        all = all.or(PARTS[whole]);
        whole += 1;
    }
    all
};

/// Seconds are counted in so many fractions of them, so that every count is a whole number.
const FRACTIONS_OF_A_SECOND: u64 = 1_000_000;

/// How much of each unit was used, in its [`fractions`](Unit::fractions); `None` where nobody told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts(PerUnit<u64>);

impl Counts {
    pub(crate) fn none() -> Self {
        Self(PerUnit::default())
    }

    /// Puts the counts of a usage into empty ones, if it can be true: no part is more than its whole.
    pub(crate) fn read(&mut self, usage: &Usage, least_seconds: u32) -> Result<(), Unpriced> {
        let split = match (usage.cache_write_5m, usage.cache_write_1h) {
            (None, None) => None,
            (short, long) => Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0))),
        };
        let seconds = match usage.seconds {
            Some(seconds) if !(0.0..=1e9).contains(&seconds) => return Err(Unpriced::InvalidUsage),
            Some(seconds) if seconds > 0.0 => Some(seconds.max(f64::from(least_seconds))),
            seconds => seconds,
        };
        let mut put = |unit, count: Option<u64>| {
            if let Some(count) = count {
                self.0.set(unit, count);
            }
        };
        put(Unit::Input, usage.input);
        put(Unit::CacheRead, usage.cache_read);
        put(Unit::CacheWrite, usage.cache_write.or(split));
        put(Unit::CacheWrite5m, usage.cache_write_5m);
        put(Unit::CacheWrite1h, usage.cache_write_1h);
        put(Unit::InputAudio, usage.input_audio);
        put(Unit::CacheAudioRead, usage.cache_audio_read);
        put(Unit::InputImage, usage.input_image);
        put(Unit::InputVideo, usage.input_video);
        put(Unit::Output, usage.output);
        put(Unit::Reasoning, usage.reasoning);
        put(Unit::OutputAudio, usage.output_audio);
        put(Unit::OutputImage, usage.output_image);
        put(Unit::OutputVideo, usage.output_video);
        put(Unit::WebSearches, usage.web_searches);
        put(Unit::FileSearches, usage.file_searches);
        if let Some(seconds) = seconds {
            // Micro-seconds of a believable time fit well into the integer.
            let count = (seconds * FRACTIONS_OF_A_SECOND as f64).round() as u64;
            put(Unit::AudioSeconds, Some(count));
            put(Unit::InputAudioSeconds, Some(count));
        }
        if self.known().is_empty() {
            return Err(Unpriced::NoUsage);
        }
        self.0.set(Unit::Requests, 1);
        self.check(split)
    }

    pub(crate) fn get(&self, unit: Unit) -> Option<u64> {
        self.0.get(unit)
    }

    /// As [`get`](Self::get), with 0 where nobody told.
    pub(crate) fn value(&self, unit: Unit) -> u64 {
        self.0.value(unit)
    }

    pub(crate) fn known(&self) -> Units {
        self.0.known()
    }

    pub(crate) fn is_positive(&self, unit: Unit) -> bool {
        self.value(unit) > 0
    }

    fn check(&self, split: Option<u64>) -> Result<(), Unpriced> {
        let count = |unit| self.value(unit);
        let known = self.0.known();
        // Most calls tell of no parts.
        if known.and(PARTS_OF_ANY).is_empty() {
            return Ok(());
        }
        for whole in Unit::ALL {
            if whole.parts().and(known).iter().any(|part| count(part) > count(whole)) {
                return Err(Unpriced::InvalidUsage);
            }
        }
        let cached = count(Unit::CacheRead).checked_add(count(Unit::CacheWrite));
        let written = split.unwrap_or(0);
        let fits = cached.is_some_and(|cached| cached <= count(Unit::Input));
        let valid = fits && written <= count(Unit::CacheWrite);
        if valid { Ok(()) } else { Err(Unpriced::InvalidUsage) }
    }
}

/// The status of one call's price.
pub(crate) fn status(is_partial: bool, is_zero_rated: bool) -> CostStatus {
    match (is_partial, is_zero_rated) {
        (true, _) => CostStatus::Partial,
        (_, true) => CostStatus::ZeroRated,
        _ => CostStatus::Known,
    }
}
