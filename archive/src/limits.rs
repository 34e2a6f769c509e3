//! How large an archive may be.
//!
//! The same limits hold for writing and for reading, so nobody can write an archive that cannot be
//! read back. They are far above any real history; they are there so that a hostile archive cannot
//! fill memory.

/// Caps on an archive. Bytes are counted as they are read or inflated: a size that a zip header
/// states is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole archive, as it lies on disk.
    pub archive: u64,
    /// Bytes of `manifest.json`.
    pub manifest: u64,
    /// Bytes of one archived file.
    pub file: u64,
    /// Bytes of all archived files together.
    pub total: u64,
    /// Entries, the manifest among them.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // The files at their largest, should nothing compress, and room for the headers.
            archive: 1280 << 20,
            manifest: 16 << 20,
            file: 64 << 20,
            total: 1 << 30,
            // One more would need the zip64 extension. Without it the end record has a fixed place
            // and size, and every unzip program ever written can read the archive.
            entries: 65_534,
        }
    }
}
