//! File descriptors: each leg's audio has one. One of this folder's two files with `unsafe`.

/// Beside the legs': the database, the log, the voices' files, connections to servers.
const BESIDE: u64 = 200;
/// A call may have the leg of an agent, too.
const LEGS_A_CALL: u64 = 2;
/// A leg's port rests for seconds after its call, and holds its descriptor.
const RESTING: u64 = 1_024;

/// Raises this process's limit to what so many calls need, as far as the system lets it. What is lacking then is said, since calls
/// would fail for it at the worst moment: when all channels are in use.
pub fn raise(calls: u32) -> Result<(), String> {
    let wanted = u64::from(calls) * LEGS_A_CALL + RESTING + BESIDE;
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel fills the whole of it.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return Err(format!("the limit of open files is not known: {}", std::io::Error::last_os_error()));
    }
    if limit.rlim_cur >= wanted {
        return Ok(());
    }
    let raised = libc::rlimit { rlim_cur: wanted.min(limit.rlim_max), rlim_max: limit.rlim_max };
    // SAFETY: only read, and lives through the call.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } != 0 {
        return Err(format!("the limit of open files cannot be raised: {}", std::io::Error::last_os_error()));
    }
    if raised.rlim_cur < wanted {
        return Err(format!(
            "{calls} calls at once may need {wanted} open files, and the system allows {}: raise the hard limit (`ulimit -Hn`, \
             `LimitNOFILE=` of a systemd unit) or lower `channels_max`",
            raised.rlim_cur
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_said() {
        assert_eq!(raise(1), Ok(()));
        let said = raise(u32::MAX);
        // A system without a limit gives even that.
        assert!(said.is_ok() || said.clone().is_err_and(|e| e.contains("ulimit -Hn")), "{said:?}");
    }
}
