using System.Diagnostics.CodeAnalysis;
using Crescent.Kernels.Threading;

namespace Crescent.Kernels.MatMul;

/// <summary>Runs products of weight matrices with activations.</summary>
/// <remarks>
/// An output is summed in one order that depends on the row's length and the instruction-set level alone, so an item gives the same bits alone or
/// in a batch, on any number of threads.
/// </remarks>
public static unsafe class MatMul
{
    /// <summary>Runs all jobs in one dispatch, after quantising each input that needs it. Allocates nothing once the pool's scratch has grown.</summary>
    /// <exception cref="ArgumentException">A job's shapes do not fit together; nothing has been written.</exception>
    public static void Run(ComputePool pool, ReadOnlySpan<MatMulJob> jobs, ActivationType activations)
    {
        var scratchBytes = 0L;
        var items = 0L;
        for (var i = 0; i < jobs.Length; i++)
        {
            ref readonly var job = ref jobs[i];
            MatMulJobCheck.Check(job, i, activations);
            scratchBytes = Math.Max(scratchBytes, job.Weights.ScratchBytes(job, activations));
            items += Panels(job);
        }

        if (items == 0)
        {
            return;
        }

        if (items > int.MaxValue)
        {
            ThrowTooMany(items);
        }

        if (activations == ActivationType.Int8)
        {
            foreach (ref readonly var job in jobs)
            {
                if (job.Count > 0 && !job.Transposed && job.Weights.IsQuantized)
                {
                    job.Input.Quantize(pool);
                }
            }
        }

        pool.Scratch.Reserve(scratchBytes, (jobs.Length + 1L) * sizeof(int));
        var starts = (int*)pool.Scratch.Shared();
        starts[0] = 0;
        for (var i = 0; i < jobs.Length; i++)
        {
            starts[i + 1] = starts[i] + Panels(jobs[i]);
        }

        var work = new PanelWork(jobs, starts, activations, pool.Scratch);
        // A few ranges a thread even out threads that lose their core; longer ranges stream better.
        pool.Run(ref work, (int)items, Math.Max(1, (int)items / (pool.Threads * 16)));
    }

    private static int Panels(in MatMulJob job) => job.Count == 0 ? 0 : job.Weights.Panels(job.Transposed);

    [DoesNotReturn]
    private static void ThrowTooMany(long items) =>
        throw new ArgumentException($"the jobs have {items} panels together; one run takes at most {int.MaxValue}", nameof(items));

    /// <param name="starts">[jobs + 1] the first panel of each job, counted over all.</param>
    private readonly ref struct PanelWork(ReadOnlySpan<MatMulJob> jobs, int* starts, ActivationType activations, WorkerScratch scratch) : IWork
    {
        private readonly ReadOnlySpan<MatMulJob> _jobs = jobs;
        private readonly int* _starts = starts;

        public void Execute(int start, int end, int worker)
        {
            var memory = scratch.Of(worker);
            var index = JobOf(start);
            for (var item = start; item < end; item++)
            {
                while (item >= _starts[index + 1])
                {
                    index++;
                }

                ref readonly var job = ref _jobs[index];
                job.Weights.Multiply(job, item - _starts[index], activations, memory);
            }
        }

        private int JobOf(int item)
        {
            var (low, high) = (0, _jobs.Length - 1);
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                (low, high) = _starts[middle] <= item ? (middle, high) : (low, middle - 1);
            }

            return low;
        }
    }
}
