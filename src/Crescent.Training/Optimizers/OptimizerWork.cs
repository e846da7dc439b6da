using Crescent.Kernels.Threading;

namespace Crescent.Training.Optimizers;

/// <summary>Long buffers in pieces, over the threads of a pool.</summary>
internal static class OptimizerWork
{
    private const int Piece = 1 << 15;

    public static IEnumerable<(long First, int Length)> Pieces(long length)
    {
        for (var first = 0L; first < length; first += Piece)
        {
            yield return (first, (int)Math.Min(Piece, length - first));
        }
    }

    public static void ForPieces(ComputePool pool, long length, Action<long, int> work) =>
        Parallel(pool, (int)((length + Piece - 1) / Piece), 1, (start, end) =>
        {
            for (var i = start; i < end; i++)
            {
                work((long)i * Piece, (int)Math.Min(Piece, length - ((long)i * Piece)));
            }
        });

    public static void Parallel(ComputePool pool, int count, int grain, Action<int, int> work)
    {
        var ranges = new Ranges { Work = work };
        pool.Run(ref ranges, count, grain);
    }

    private struct Ranges : IWork
    {
        public Action<int, int> Work;

        public readonly void Execute(int start, int end, int worker) => Work(start, end);
    }
}
