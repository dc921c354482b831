//! Many hooks at once, hooks killed and hooks stopped at any instant, as real processes of the binary that ships.
//!
//! Run by `test.sh` with `GUARD_BINARY` naming that binary: twenty thousand processes take too long for every `cargo test`.

mod support;

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};
use support::{ALLOWED, DENIED, Machine, event, is_denial, signal};

const AT_ONCE: usize = 64;
const CALLS: usize = 20_000;
const KILLS: usize = 1_000;
const STOPS: usize = 100;

/// The project's corpus: four in five are everyday commands, the rest is refused. Nothing of it is executed.
fn commands() -> Vec<String> {
    let read = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(format!("fixtures/corpus/{name}.jsonl")).expect("a corpus");
        text.lines().map(|line| serde_json::from_str(line).expect("a command")).collect()
    };
    let mut commands = read("ordinary");
    commands.truncate(160);
    commands.extend(read("refused").into_iter().take(40));
    commands
}

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}

#[test]
#[ignore = "twenty thousand processes: test.sh runs it with the binary that ships"]
fn sixty_four_hooks_at_once_lose_double_and_change_nothing() {
    let alone = Machine::new();
    let commands = commands();
    // The answer to `rm -rf ~` names the home folder, which is each machine's own.
    let home = |machine: &Machine| machine.home.path().to_string_lossy().into_owned();
    let answers: Vec<String> = commands.iter().map(|command| alone.hook(&event("alone", command)).replace(&home(&alone), "HOME")).collect();
    assert!(answers.iter().filter(|a| !a.is_empty()).count() >= 40 && answers.iter().filter(|a| a.is_empty()).count() >= 100);
    let machine = Machine::new();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let barrier = Barrier::new(AT_ONCE);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                barrier.wait();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= CALLS {
                        break;
                    }
                    let at = n % commands.len();
                    let answer = machine.hook(&event(&n.to_string(), &commands[at])).replace(&home(&machine), "HOME");
                    if answer != answers[at] {
                        wrong.lock().expect("no panic").push(format!("{}: {answer}", commands[at]));
                    }
                }
            });
        }
    });
    let took = started.elapsed();
    let mut times: HashMap<String, usize> = HashMap::new();
    for id in machine.recorded() {
        *times.entry(id).or_default() += 1;
    }
    let lost = (0..CALLS).filter(|n| !times.contains_key(&n.to_string())).count();
    let doubled = times.values().filter(|n| **n > 1).count();
    let wrong = wrong.into_inner().expect("no panic");
    println!("{AT_ONCE} hooks at once, {CALLS} calls: {lost} lost, {doubled} doubled, {} wrong verdicts ({:.1} ms a call)", wrong.len(), took.as_secs_f64() * 1e3 / 20_000.0);
    assert_eq!((lost, doubled, wrong.len(), times.len()), (0, 0, 0, CALLS), "{:?}", wrong.first());
    machine.assert_intact(CALLS);
}

/// What became of one hook that was to be killed.
struct Killed {
    /// It was killed, and had not ended before.
    struck: bool,
    /// It had answered, or ended as a hook ends: the client goes by that.
    acknowledged: bool,
}

fn start_and_kill(machine: &Machine, id: &str, command: &str, after: Duration) -> Killed {
    let mut child = machine.start(&event(id, command), None);
    std::thread::sleep(after);
    let _ = child.kill();
    let out = child.wait_with_output().expect("it ends");
    let struck = out.status.signal() == Some(9);
    let answered = !out.stdout.is_empty();
    if answered {
        assert!(is_denial(&String::from_utf8_lossy(&out.stdout)), "an answer is whole or not there");
    }
    Killed { struck, acknowledged: out.status.code() == Some(0) || answered }
}

#[test]
#[ignore = "thousands of processes: test.sh runs it with the binary that ships"]
fn hooks_killed_at_any_instant_lose_nothing_that_was_acknowledged() {
    let machine = Machine::new();
    let kills = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    let acknowledged = Mutex::new(Vec::new());
    let late = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (machine, kills, next, acknowledged, late) = (&machine, &kills, &next, &acknowledged, &late);
            scope.spawn(move || {
                let mut dice = Dice(0x9E37_79B9 + thread);
                let mut limit_us = 4_000;
                while kills.load(Ordering::Relaxed) < KILLS {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    assert!(n < 20 * KILLS, "kills do not strike");
                    // A denial drains, so half of the kills may strike a drain.
                    let command = if n % 2 == 0 { ALLOWED } else { DENIED };
                    let killed = start_and_kill(machine, &n.to_string(), command, Duration::from_micros(dice.below(limit_us)));
                    // The instants are spread over the whole life of a hook, however long that is on this machine.
                    limit_us = if killed.struck { limit_us + limit_us / 40 + 1 } else { limit_us - limit_us / 50 };
                    if killed.struck {
                        kills.fetch_add(1, Ordering::Relaxed);
                    }
                    if killed.acknowledged {
                        late.fetch_add(usize::from(killed.struck), Ordering::Relaxed);
                        acknowledged.lock().expect("no panic").push(n.to_string());
                    }
                }
            });
        }
    });
    let acknowledged = acknowledged.into_inner().expect("no panic");
    let recorded = machine.recorded();
    let mut times: HashMap<&String, usize> = HashMap::new();
    for id in &recorded {
        *times.entry(id).or_default() += 1;
    }
    let lost = acknowledged.iter().filter(|id| !times.contains_key(id)).count();
    let doubled = times.values().filter(|n| **n > 1).count();
    println!(
        "{} hooks killed at random instants, {} of them after their answer: of {} acknowledged calls {lost} lost, {doubled} doubled",
        kills.load(Ordering::Relaxed),
        late.load(Ordering::Relaxed),
        acknowledged.len()
    );
    assert_eq!((lost, doubled), (0, 0));
    assert!(late.load(Ordering::Relaxed) > 0, "no kill struck a drain");
    machine.assert_intact(recorded.len());
}

#[test]
#[ignore = "test.sh runs it with the binary that ships"]
fn a_hook_stopped_at_any_instant_keeps_no_other_waiting() {
    let machine = Machine::new();
    let mut dice = Dice(0x51_7C_C1);
    let mut standing = 0;
    let mut limit_us = 4_000;
    for n in 0..STOPS {
        let mut still = machine.start(&event(&format!("still {n}"), DENIED), None);
        std::thread::sleep(Duration::from_micros(dice.below(limit_us)));
        // It may have ended, yet is not waited for, so its number is still its own.
        signal(&still, "-STOP");
        assert_eq!(machine.hook(&event(&format!("allowed {n}"), ALLOWED)), "");
        assert!(is_denial(&machine.hook(&event(&format!("denied {n}"), DENIED))));
        let stood = still.try_wait().expect("a status").is_none();
        limit_us = if stood { limit_us + limit_us / 40 + 1 } else { limit_us - limit_us / 50 };
        standing += usize::from(stood);
        signal_if_there(&mut still);
        still.wait().expect("it ends");
    }
    let recorded = machine.recorded();
    for n in 0..STOPS {
        for id in [format!("allowed {n}"), format!("denied {n}"), format!("still {n}")] {
            assert_eq!(recorded.iter().filter(|r| **r == id).count(), 1, "{id}");
        }
    }
    println!("{standing} of {STOPS} hooks stood still while {} others ran and ended: 0 kept waiting, 0 lost", 2 * STOPS);
    assert!(standing > 0);
    machine.assert_intact(recorded.len());
}

fn signal_if_there(child: &mut std::process::Child) {
    if child.try_wait().expect("a status").is_none() {
        signal(child, "-CONT");
    }
}
