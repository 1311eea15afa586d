//! What starting has used and left behind.

/// Gives the system back what was needed to start and is needed no more: configuration, schema, certificates and the lines' prompts
/// leave several megabytes free, but still ours, since glibc keeps what it once had. Others give it back by themselves, or never.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: touches free memory only, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}
