using System.Diagnostics;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.Threading;

// What is measured of the whole process needs the process alone.
[CollectionDefinition(nameof(ComputePoolTests), DisableParallelization = true)]
[Collection(nameof(ComputePoolTests))]
public class ComputePoolTests
{
    [Theory]
    [InlineData(1, 1000)]
    [InlineData(2, 1000)]
    [InlineData(3, 500)]
    [InlineData(32, 100)] // more than there are processors: helpers fall asleep while the dispatcher waits for a core
    public void Every_item_is_done_exactly_once_dispatch_after_dispatch(int threads, int dispatches)
    {
        using var pool = new ComputePool(threads, threads);
        Assert.Equal(threads, pool.Threads);
        var random = new Random(threads);
        for (var dispatch = 0; dispatch < dispatches; dispatch++)
        {
            var (count, grain) = (random.Next(0, 200), random.Next(1, 20));
            var work = new CountWork { Done = new int[200], Threads = threads };
            pool.Run(ref work, count, grain);
            Assert.All(work.Done[..count], times => Assert.Equal(1, times));
            Assert.All(work.Done[count..], times => Assert.Equal(0, times));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-5, 1)]
    [InlineData(1, 1)]
    [InlineData(1, 1000)]
    [InlineData(1_000_000, 1)]
    [InlineData(1_000_000, 999_999)]
    [InlineData(1_000_000, int.MaxValue)]
    public void Any_count_and_grain_is_covered(int count, int grain)
    {
        using var pool = new ComputePool(3, 3);
        var work = new CountWork { Done = new int[Math.Max(count, 0)], Threads = 3 };
        pool.Run(ref work, count, grain);
        Assert.DoesNotContain(work.Done, times => times != 1);
    }

    [Fact]
    public void The_largest_count_does_not_overflow()
    {
        using var pool = new ComputePool(3, 3);
        var work = new SumWork { Sum = new long[3] };
        pool.Run(ref work, int.MaxValue, int.MaxValue / 3);
        Assert.Equal(int.MaxValue, work.Sum.Sum());
    }

    [Fact]
    public void Nonsense_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ComputePool(0));
        using var pool = new ComputePool(2, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            var work = default(SumWork);
            pool.Run(ref work, 5, 0);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void An_exception_reaches_the_caller_and_the_pool_works_on(int threads)
    {
        using var pool = new ComputePool(threads, threads);
        for (var round = 0; round < 100; round++)
        {
            var exception = Assert.Throws<InvalidOperationException>(() =>
            {
                var bad = new FailingWork { At = round };
                pool.Run(ref bad, 100, 1);
            });
            Assert.Equal($"item {round}", exception.Message);
            var work = new CountWork { Done = new int[64], Threads = threads };
            pool.Run(ref work, 64, 1);
            Assert.All(work.Done, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void When_every_item_fails_one_failure_is_told()
    {
        using var pool = new ComputePool(4, 4);
        for (var round = 0; round < 50; round++)
        {
            Assert.StartsWith("item ", Assert.Throws<InvalidOperationException>(() =>
            {
                var bad = new FailingWork { At = -1 };
                pool.Run(ref bad, 100, 1);
            }).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_dispatch_allocates_nothing()
    {
        using var pool = new ComputePool(4, 4);
        var work = new SumWork { Sum = new long[4] };
        for (var i = 0; i < 200; i++)
        {
            pool.Run(ref work, 100, 1);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            pool.Run(ref work, 100, 1);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void An_idle_pool_uses_no_processor()
    {
        using var pool = new ComputePool(4, 4);
        var work = new SumWork { Sum = new long[4] };
        pool.Run(ref work, 100, 1);

        // Other things run in this process: a quiet moment must come, which spinning helpers would never leave.
        var least = double.MaxValue;
        for (var i = 0; i < 10 && least >= 100; i++)
        {
            using var process = Process.GetCurrentProcess();
            var before = process.TotalProcessorTime;
            Thread.Sleep(300);
            process.Refresh();
            least = Math.Min(least, (process.TotalProcessorTime - before).TotalMilliseconds);
        }

        Assert.True(least < 100, $"expected under 100 ms of processor time in 300 ms of idling, found {least}");
    }

    [Fact]
    public void A_caller_waits_asleep_for_a_helper_that_is_long()
    {
        using var pool = new ComputePool(3, 3);
        for (var round = 0; round < 20; round++)
        {
            var work = new SlowHelperWork { Done = new int[12] };
            pool.Run(ref work, 12, 1);
            Assert.All(work.Done, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void More_threads_than_processors_are_not_started()
    {
        using var pool = new ComputePool(32, 2);
        Assert.Equal(32, pool.Threads);
        var work = new SumWork { Sum = new long[32] };
        for (var round = 0; round < 1000; round++)
        {
            pool.Run(ref work, 1000, 1);
        }

        Assert.Equal(1_000_000, work.Sum.Sum());
        Assert.All(work.Sum[2..], sum => Assert.Equal(0, sum));
    }

    [Fact]
    public void A_pool_that_has_slept_wakes_for_the_next_dispatch()
    {
        using var pool = new ComputePool(3, 3);
        for (var round = 0; round < 5; round++)
        {
            Thread.Sleep(20);
            var work = new CountWork { Done = new int[50], Threads = 3 };
            pool.Run(ref work, 50, 1);
            Assert.All(work.Done, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void A_pool_is_disposed_at_any_moment_between_dispatches()
    {
        for (var round = 0; round < 200; round++)
        {
            var pool = new ComputePool(3, 3);
            var work = new CountWork { Done = new int[30], Threads = 3 };
            for (var dispatches = round % 3; dispatches > 0; dispatches--)
            {
                pool.Run(ref work, 30, 1);
            }

            Thread.SpinWait(round * 50);
            pool.Dispose();
            pool.Dispose();
            Assert.All(work.Done, times => Assert.Equal(round % 3, times));
        }
    }

    private struct CountWork : IWork
    {
        public int[] Done;
        public int Threads;

        public readonly void Execute(int start, int end, int worker)
        {
            Assert.InRange(worker, 0, Threads - 1);
            Assert.True(start < end);
            for (var i = start; i < end; i++)
            {
                Interlocked.Increment(ref Done[i]);
            }
        }
    }

    private struct SlowHelperWork : IWork
    {
        public int[] Done;

        public readonly void Execute(int start, int end, int worker)
        {
            Interlocked.Increment(ref Done[start]);
            Thread.Sleep(worker == 0 ? 1 : 5); // long enough for the helpers to come in, and to be waited for
        }
    }

    private struct SumWork : IWork
    {
        public long[] Sum;

        public readonly void Execute(int start, int end, int worker) => Sum[worker] += end - start;
    }

    private struct FailingWork : IWork
    {
        public int At;

        public readonly void Execute(int start, int end, int worker)
        {
            if (At < 0 || (At >= start && At < end))
            {
                throw new InvalidOperationException($"item {(At < 0 ? start : At)}");
            }
        }
    }
}
