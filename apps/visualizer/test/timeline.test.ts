import { describe, expect, test } from 'vitest';
import { Reel } from '../src/reel.ts';
import { Timeline } from '../src/timeline.ts';

function lasting(ms: number, isComplete = true): Timeline {
  const reel = new Reel();
  reel.append([], ms);
  reel.isComplete = isComplete;
  return new Timeline(reel);
}

describe('a timeline', () => {
  test('goes on at its speed until the end, and from the beginning when played again', () => {
    const timeline = lasting(1_000);
    timeline.tick(50);
    expect(timeline.positionMs).toBe(0);
    timeline.play();
    timeline.tick(50);
    timeline.speed = 4;
    timeline.tick(100);
    expect(timeline.positionMs).toBe(450);
    timeline.tick(500);
    expect([timeline.positionMs, timeline.isPlaying, timeline.isAtEnd]).toEqual([1_000, false, true]);
    timeline.play();
    expect([timeline.positionMs, timeline.isPlaying]).toEqual([0, true]);
  });

  test('waits where nothing is known yet', () => {
    const timeline = lasting(100, false);
    timeline.play();
    timeline.tick(500);
    expect([timeline.positionMs, timeline.isPlaying]).toEqual([100, true]);
    timeline.reel.append([], 400);
    timeline.tick(100);
    expect(timeline.positionMs).toBe(200);
  });

  test('stops where it was told to', () => {
    const timeline = lasting(1_000);
    timeline.play(300);
    timeline.tick(299);
    expect(timeline.isPlaying).toBe(true);
    timeline.tick(50);
    expect([timeline.positionMs, timeline.isPlaying]).toEqual([300, false]);
    timeline.play();
    timeline.tick(50);
    expect(timeline.positionMs).toBe(350);
  });

  test('seeks within what is known, playing or not', () => {
    const timeline = lasting(1_000, false);
    timeline.play(300);
    timeline.seek(700);
    timeline.tick(100);
    expect(timeline.positionMs).toBe(800);
    timeline.seek(-5);
    expect(timeline.positionMs).toBe(0);
    timeline.seek(5_000);
    expect(timeline.positionMs).toBe(1_000);
  });

  test('follows what grows, a little behind, and jumps when it has fallen far behind', () => {
    const timeline = lasting(5_000, false);
    timeline.speed = 8;
    timeline.follow();
    expect([timeline.positionMs, timeline.isFollowing]).toEqual([4_600, true]);
    timeline.reel.append([], 5_100);
    timeline.tick(100);
    expect(timeline.positionMs).toBe(4_700);
    timeline.reel.append([], 60_000);
    timeline.tick(16);
    expect(timeline.positionMs).toBe(59_600);
    timeline.seek(1_000);
    expect([timeline.isFollowing, timeline.isPlaying]).toEqual([false, true]);
  });

  test('follows to the very end', () => {
    const timeline = lasting(5_000, false);
    timeline.follow();
    timeline.reel.isComplete = true;
    timeline.tick(1_000);
    expect([timeline.positionMs, timeline.isPlaying]).toEqual([5_000, false]);
  });
});
