//! The system calls that the standard library lacks: epoll, timerfd, eventfd. The only `unsafe` of this folder.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// # Safety
/// `fd` must be open and owned by no one else.
unsafe fn own(fd: RawFd) -> OwnedFd {
    // SAFETY: the caller's promise.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// A set of descriptors to be woken by.
#[derive(Debug)]
pub struct Epoll(OwnedFd);

/// Descriptors reported by one `wait`.
const EVENTS_MAX: usize = 64;
pub type Events = [libc::epoll_event; EVENTS_MAX];

impl Epoll {
    pub fn new() -> io::Result<Epoll> {
        // SAFETY: no pointers; the descriptor is new and ours.
        unsafe { Ok(Epoll(own(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?))) }
    }

    pub fn no_events() -> Events {
        [libc::epoll_event { events: 0, u64: 0 }; EVENTS_MAX]
    }

    /// Wakes with `token` whenever `fd` can be read (level-triggered). Closing `fd` takes it out.
    pub fn add(&self, fd: &impl AsRawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        // SAFETY: `event` lives through the call; the kernel checks the descriptors.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_ADD, fd.as_raw_fd(), &mut event) })?;
        Ok(())
    }

    pub fn remove(&self, fd: &impl AsRawFd) -> io::Result<()> {
        // SAFETY: DEL takes no event.
        check(unsafe {
            libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_DEL, fd.as_raw_fd(), std::ptr::null_mut())
        })?;
        Ok(())
    }

    /// Waits without limit; gives how many of `events` are filled.
    pub fn wait(&self, events: &mut Events) -> io::Result<usize> {
        // SAFETY: the kernel writes at most EVENTS_MAX entries into `events`.
        let n = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), EVENTS_MAX as i32, -1) };
        match check(n) {
            Ok(n) => Ok(n as usize),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(e) => Err(e),
        }
    }
}

/// A periodic timer on absolute time: a late reader finds out how many periods have passed, and the next is not moved.
#[derive(Debug)]
pub struct Timer(File);

impl Timer {
    /// Starts now; the first period ends after `period`.
    pub fn every(period: Duration) -> io::Result<Timer> {
        let span = libc::timespec { tv_sec: period.as_secs() as _, tv_nsec: period.subsec_nanos() as _ };
        let spec = libc::itimerspec { it_interval: span, it_value: span };
        // SAFETY: no pointers; the descriptor is new and ours.
        let fd =
            unsafe { own(check(libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK))?) };
        // SAFETY: `spec` lives through the call; no old value is asked for.
        check(unsafe { libc::timerfd_settime(fd.as_raw_fd(), 0, &spec, std::ptr::null_mut()) })?;
        Ok(Timer(File::from(fd)))
    }

    /// Periods ended since the last reading.
    pub fn passed(&mut self) -> u64 {
        let mut count = [0; 8];
        match self.0.read(&mut count) {
            Ok(8) => u64::from_ne_bytes(count),
            _ => 0,
        }
    }
}

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Wakes a waiting epoll from another thread.
#[derive(Debug)]
pub struct Bell(File);

impl Bell {
    pub fn new() -> io::Result<Bell> {
        // SAFETY: no pointers; the descriptor is new and ours.
        let fd = unsafe { own(check(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK))?) };
        Ok(Bell(File::from(fd)))
    }

    pub fn ring(&self) {
        // Fails only when 2⁶⁴ − 2 rings are unheard, and then it is ringing anyway.
        let _ = (&self.0).write(&1u64.to_ne_bytes());
    }

    pub fn hush(&self) {
        let _ = (&self.0).read(&mut [0; 8]);
    }
}

impl AsRawFd for Bell {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Asks for this thread to go before others. Most systems refuse it to ordinary users, and then it goes as it is.
pub fn hurry() {
    // SAFETY: no pointers; 0 is the calling thread on Linux.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -10) };
}
