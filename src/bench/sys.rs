//! The system calls that the standard library lacks: many datagrams at once with the kernel's own time of arrival, and which
//! core a process runs on. The only `unsafe` of this folder.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

/// Datagrams a system call.
pub const BATCH: usize = 64;
/// A datagram; longer ones are no telephone audio.
const DATAGRAM_MAX: usize = 512;
/// Room for a time stamp and a count of drops.
const CONTROL: usize = 128;
/// Socket buffer asked for; the system may give less.
const BUFFER: libc::c_int = 1 << 20;

fn check(result: libc::c_long) -> io::Result<usize> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as usize) }
}

/// The cores this process may run on.
pub fn cores() -> Vec<usize> {
    // SAFETY: an all-zero set is empty; the kernel writes within its size.
    unsafe {
        let mut set: libc::cpu_set_t = zeroed();
        if libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) != 0 {
            return Vec::new();
        }
        (0..libc::CPU_SETSIZE as usize).filter(|core| libc::CPU_ISSET(*core, &set)).collect()
    }
}

/// Keeps the calling thread, and what it starts from now on, on one core.
pub fn pin(core: usize) -> io::Result<()> {
    // SAFETY: the set lives through the call; `CPU_SET` panics on a core beyond the set, and `cores` names none.
    unsafe {
        let mut set: libc::cpu_set_t = zeroed();
        libc::CPU_SET(core, &mut set);
        check(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) as libc::c_long).map(drop)
    }
}

/// User and system time of this process so far.
pub fn own_cpu_us() -> u64 {
    // SAFETY: the kernel fills the whole of it.
    let usage = unsafe {
        let mut usage: libc::rusage = zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let us = |t: libc::timeval| t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64;
    us(usage.ru_utime) + us(usage.ru_stime)
}

/// Waits for the end of a process: whether it succeeded, its user and system time in seconds, and the most memory it held, in kB.
pub fn conclude(child: &std::process::Child) -> io::Result<(bool, f64, u64)> {
    let mut status = 0;
    // SAFETY: both are valid for writing and hold plain numbers; the child is ours and has not been waited for.
    let (pid, usage) = unsafe {
        let mut usage: libc::rusage = zeroed();
        (libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage), usage)
    };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let succeeded = libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
    Ok((succeeded, seconds(usage.ru_utime) + seconds(usage.ru_stime), u64::try_from(usage.ru_maxrss).unwrap_or(0)))
}

/// Asks a child that has not been waited for to stop in good order.
pub fn terminate(child: &std::process::Child) {
    // SAFETY: a signal to a process of ours; its id is not given away before it is waited for.
    let _ = unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
}

fn set(socket: &UdpSocket, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `value` lives through the call and has the length named.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, (&raw const value).cast(), length) };
    check(result as libc::c_long).map(drop)
}

/// A socket whose packets carry the time at which the kernel took them, with as much room as the system gives.
pub fn audio_socket(ip: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, 0))?;
    socket.set_nonblocking(true)?;
    set(&socket, libc::SO_TIMESTAMPNS, 1)?;
    set(&socket, libc::SO_RXQ_OVFL, 1)?;
    widen(&socket)?;
    Ok(socket)
}

/// More room for what arrives while nobody reads: beyond the system's limit where we may, else up to it.
pub fn widen(socket: &UdpSocket) -> io::Result<()> {
    set(socket, libc::SO_RCVBUFFORCE, BUFFER).or_else(|_| set(socket, libc::SO_RCVBUF, BUFFER))
}

/// Waits until one of the two can be read, at most so many milliseconds.
pub fn wait(one: RawFd, other: RawFd, limit_ms: i32) {
    let fd = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut fds = [fd(one), fd(other)];
    // SAFETY: two entries, both live through the call. An error is a wake-up without cause.
    let _ = unsafe { libc::poll(fds.as_mut_ptr(), 2, limit_ms) };
}

/// Bytes that can be read now; `None` when there are none, empty at the end.
pub fn read_now(fd: RawFd) -> Option<Vec<u8>> {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut bytes = [0u8; 4096];
    // SAFETY: one entry; the kernel writes at most the buffer's length.
    unsafe {
        if libc::poll(&mut poll, 1, 0) <= 0 {
            return None;
        }
        let n = libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len());
        Some(bytes[..usize::try_from(n).unwrap_or(0)].to_vec())
    }
}

/// A batch of datagrams as they came.
pub struct Inbox {
    buffers: Vec<[u8; DATAGRAM_MAX]>,
    controls: Vec<[u64; CONTROL / 8]>,
    from: Vec<libc::sockaddr_in>,
    lengths: Vec<usize>,
    at_ns: Vec<u64>,
    /// Of each batch: how many this socket had dropped by then, 0 when it never did.
    dropped: u32,
}

impl Default for Inbox {
    fn default() -> Inbox {
        // SAFETY: an all-zero address is valid.
        let nobody = unsafe { zeroed() };
        Inbox {
            buffers: vec![[0; DATAGRAM_MAX]; BATCH],
            controls: vec![[0; CONTROL / 8]; BATCH],
            from: vec![nobody; BATCH],
            lengths: vec![0; BATCH],
            at_ns: vec![0; BATCH],
            dropped: 0,
        }
    }
}

impl Inbox {
    /// Takes what waits, up to a batch; gives how many.
    pub fn receive(&mut self, socket: &UdpSocket) -> usize {
        // SAFETY: headers of zeros are valid and are filled below.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        let mut vectors: [libc::iovec; BATCH] = unsafe { zeroed() };
        for n in 0..BATCH {
            vectors[n] = libc::iovec { iov_base: self.buffers[n].as_mut_ptr().cast(), iov_len: DATAGRAM_MAX };
            let header = &mut headers[n].msg_hdr;
            header.msg_iov = &raw mut vectors[n];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut self.from[n]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
            header.msg_control = self.controls[n].as_mut_ptr().cast();
            header.msg_controllen = CONTROL as _;
        }
        // SAFETY: all that the headers point to lives through the call, with the lengths named.
        let got = unsafe {
            let flags = libc::MSG_DONTWAIT as _;
            libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), BATCH as u32, flags, std::ptr::null_mut())
        };
        // An error is an empty socket, or an ICMP answer to something sent: nothing to read.
        let got = usize::try_from(got).unwrap_or(0);
        for (n, header) in headers[..got].iter().enumerate() {
            self.lengths[n] = header.msg_len as usize;
            self.at_ns[n] = 0;
            // SAFETY: the kernel has filled the control buffer; the macros walk within its length.
            unsafe {
                let mut control = libc::CMSG_FIRSTHDR(&header.msg_hdr);
                while !control.is_null() {
                    let data = libc::CMSG_DATA(control);
                    match (*control).cmsg_type {
                        libc::SCM_TIMESTAMPNS => {
                            let at: libc::timespec = std::ptr::read_unaligned(data.cast());
                            self.at_ns[n] = at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64;
                        }
                        libc::SO_RXQ_OVFL => self.dropped = std::ptr::read_unaligned(data.cast()),
                        _ => {}
                    }
                    control = libc::CMSG_NXTHDR(&header.msg_hdr, control);
                }
            }
        }
        got
    }

    /// A datagram of the last batch: its bytes, the sender's port, when the kernel took it (ns since 1970).
    pub fn datagram(&self, n: usize) -> (&[u8], u16, u64) {
        (&self.buffers[n][..self.lengths[n].min(DATAGRAM_MAX)], u16::from_be(self.from[n].sin_port), self.at_ns[n])
    }

    /// How many datagrams the socket of the last batch has lost for want of room, so far.
    pub fn take_dropped(&mut self) -> u32 {
        std::mem::take(&mut self.dropped)
    }
}

/// A datagram to be sent: a header of its own, and a payload that others share.
pub struct Outgoing<'a> {
    pub to: SocketAddrV4,
    pub header: [u8; 12],
    pub payload: &'a [u8],
}

/// Sends them from one socket; gives how many the system took.
pub fn send_all(socket: &UdpSocket, packets: &mut [Outgoing]) -> usize {
    let mut sent = 0;
    for batch in packets.chunks_mut(BATCH) {
        // SAFETY: headers, vectors and addresses of zeros are valid and are filled below.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        let mut vectors: [[libc::iovec; 2]; BATCH] = unsafe { zeroed() };
        let mut addresses: [libc::sockaddr_in; BATCH] = unsafe { zeroed() };
        for (n, packet) in batch.iter_mut().enumerate() {
            addresses[n].sin_family = libc::AF_INET as _;
            addresses[n].sin_port = packet.to.port().to_be();
            addresses[n].sin_addr.s_addr = u32::from(*packet.to.ip()).to_be();
            vectors[n] = [
                libc::iovec { iov_base: packet.header.as_mut_ptr().cast(), iov_len: packet.header.len() },
                // Read only, whatever the type says.
                libc::iovec { iov_base: packet.payload.as_ptr().cast_mut().cast(), iov_len: packet.payload.len() },
            ];
            let header = &mut headers[n].msg_hdr;
            header.msg_iov = vectors[n].as_mut_ptr();
            header.msg_iovlen = 2;
            header.msg_name = (&raw mut addresses[n]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
        }
        // SAFETY: all that the headers point to lives through the call.
        let taken = unsafe {
            let flags = libc::MSG_DONTWAIT as _;
            libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), batch.len() as u32, flags)
        };
        sent += usize::try_from(taken).unwrap_or(0);
    }
    sent
}
