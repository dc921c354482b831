//! The dead man's switch: whatever ends a hook, one written denial ends it.
//!
//! The client lets a call run when its hook crashes, exits oddly, or says nothing. So every way to die is armed: a panic, the
//! fatal signals on a stack of their own (a stack overflow leaves no other), and guard's own deadline. One atomic flag decides
//! who answers: two half answers would be read as none.
//!
//! This is the only file with `unsafe`. Its argument: the handlers touch nothing but atomics, a constant byte string, what
//! [`super::last_record`] has laid down, and async-signal-safe system calls; nothing allocates or locks; the alternate stack is leaked and so outlives them; the
//! structures given to the kernel are fully initialised locals. What it cannot help: `SIGKILL`, and a kernel call that never
//! returns while signals are blocked in it (a dead network volume); there the client's own `timeout` with `onFailure` decides.
#![allow(unsafe_code, reason = "signal handlers cannot be written without it; see the module's argument")]

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// Seconds until guard denies by itself.
pub const DEADLINE_SECONDS: i64 = 2;

static ANSWERED: AtomicBool = AtomicBool::new(false);
static DENIAL: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static DENIAL_LEN: AtomicUsize = AtomicUsize::new(0);

const ALTERNATE_STACK: usize = 64 * 1024;

/// Arms the switch with the denial to write. Call it once, before anything that may fail.
pub fn arm(denial: &'static [u8]) {
    DENIAL.store(denial.as_ptr().cast_mut(), Ordering::SeqCst);
    DENIAL_LEN.store(denial.len(), Ordering::SeqCst);
    std::panic::set_hook(Box::new(|info| {
        eprintln!("guard: internal error: {info}");
        last_words("a panic");
    }));
    let stack: &'static mut [std::mem::MaybeUninit<u8>] = Box::leak(Box::new_uninit_slice(ALTERNATE_STACK));
    // SAFETY: the stack is leaked, so it stays valid, and is left unwritten, so its pages cost nothing until a signal comes; `action` is zeroed and then filled; the handler is async-signal-safe.
    unsafe {
        let stack = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: ALTERNATE_STACK };
        libc::sigaltstack(&raw const stack, std::ptr::null_mut());
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK | libc::SA_RESETHAND;
        libc::sigfillset(&raw mut action.sa_mask);
        // A blocked signal stays blocked over exec: whoever starts the hook must not be able to take the deadline away.
        let mut armed: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut armed);
        for signal in [
            libc::SIGSEGV,
            libc::SIGABRT,
            libc::SIGBUS,
            libc::SIGILL,
            libc::SIGFPE,
            libc::SIGXCPU,
            libc::SIGSYS,
            libc::SIGTERM,
            libc::SIGHUP,
            libc::SIGINT,
            libc::SIGALRM,
        ] {
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
            libc::sigaddset(&raw mut armed, signal);
        }
        libc::sigprocmask(libc::SIG_UNBLOCK, &raw const armed, std::ptr::null_mut());
        // A client that went away must not turn the answer into a silent death.
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        let timer = libc::itimerval {
            it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 },
            it_value: libc::timeval { tv_sec: DEADLINE_SECONDS, tv_usec: 0 },
        };
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut());
    }
}

/// Writes the answer, unless a denial was written already. The bytes are written whole or the denial's deadline strikes.
pub fn answer(bytes: &[u8]) {
    if ANSWERED.swap(true, Ordering::SeqCst) {
        return;
    }
    write_all(bytes);
}

extern "C" fn on_signal(signal: libc::c_int) {
    last_words(match signal {
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGALRM => "its deadline passed",
        _ => "a signal",
    });
}

/// Writes the denial once, then its record, and ends the process with status 0: the client honours the JSON only then for sure.
fn last_words(cause: &str) -> ! {
    if !ANSWERED.swap(true, Ordering::SeqCst) {
        let denial = DENIAL.load(Ordering::SeqCst);
        let len = DENIAL_LEN.load(Ordering::SeqCst);
        if !denial.is_null() {
            // SAFETY: pointer and length come from one `&'static [u8]` stored by `arm`.
            write_all(unsafe { std::slice::from_raw_parts(denial, len) });
        }
        super::last_record::append(cause);
    }
    // SAFETY: `_exit` is async-signal-safe and does not return.
    unsafe { libc::_exit(0) }
}

/// Answers are under 4 KB, so a pipe takes them in one `write`; the loop is for signals that interrupt it.
fn write_all(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: the buffer is a valid slice for the length given.
        let written = unsafe { libc::write(libc::STDOUT_FILENO, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(0) => return,
            Ok(written) => bytes = &bytes[written.min(bytes.len())..],
            Err(_) if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// A named step of the work. In tests `GUARD_TEST_AT=stop:NAME` or `kill:NAME` stops or kills the process there; else nothing.
#[inline]
pub fn reach(name: &str) {
    #[cfg(feature = "deadman-test")]
    if let Ok(told) = std::env::var("GUARD_TEST_AT") {
        let signal = match told.split_once(':') {
            Some(("stop", at)) if at == name => libc::SIGSTOP,
            Some(("kill", at)) if at == name => libc::SIGKILL,
            _ => return,
        };
        // SAFETY: raising a signal in one's own process.
        unsafe { libc::raise(signal) };
    }
    #[cfg(not(feature = "deadman-test"))]
    let _ = name;
}

/// Dies on purpose, for the tests of the switch; only in builds with the feature `deadman-test`. `told` is a variable that says how.
#[cfg(feature = "deadman-test")]
pub fn die_if_told(told: &str) {
    #[allow(unconditional_recursion, reason = "a stack overflow is what is tested")]
    fn deeper(n: u64) -> u64 {
        let room = std::hint::black_box([n; 512]);
        deeper(n + 1) + room[0]
    }
    let raise = |signal| {
        // SAFETY: raising a signal in one's own process.
        unsafe { libc::raise(signal) };
    };
    match std::env::var(told).as_deref() {
        Ok("panic") => panic!("told to"),
        Ok("segv") => raise(libc::SIGSEGV),
        Ok("abort") => std::process::abort(),
        Ok("bus") => raise(libc::SIGBUS),
        Ok("xcpu") => raise(libc::SIGXCPU),
        Ok("term") => raise(libc::SIGTERM),
        Ok("stack") => {
            std::hint::black_box(deeper(0));
        }
        Ok("hang") => loop {
            std::hint::spin_loop();
        },
        Ok("kill") => raise(libc::SIGKILL),
        _ => {}
    }
}
