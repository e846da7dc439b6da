using Crescent.Kernels.Threading;

namespace Crescent.Kernels.Training;

/// <summary>
/// Products of float32 matrices in any orientation, many at a time, over the threads of a pool. An element of the output is summed along the depth in blocks of
/// <see cref="GemmBlock.Depth"/>: its bits depend on neither threads nor the other jobs.
/// </summary>
public static unsafe class Gemm
{
    private const int MostBlockRows = 8 * GemmTile.Rows;
    private const int BlockColumns = 16 * GemmTile.Columns;
    private const int LeastItems = 16; // of a dispatch, so that threads end together

    /// <summary>Runs one product.</summary>
    public static void Run(ComputePool pool, GemmJob job) => Run(pool, [job]);

    /// <summary>Runs all of <paramref name="jobs"/>; their outputs do not overlap.</summary>
    public static void Run(ComputePool pool, ReadOnlySpan<GemmJob> jobs)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (jobs.IsEmpty)
        {
            return;
        }

        var places = new Place[jobs.Length + 1];
        var rows = MostBlockRows;
        while (Count(jobs, rows, places) < LeastItems && rows > 2 * GemmTile.Rows)
        {
            rows /= 2;
            rows -= rows % GemmTile.Rows;
        }

        pool.Scratch.Reserve(rows * GemmBlock.Depth * sizeof(float), places[^1].Packed * sizeof(float));
        var pack = new PackWork { Jobs = jobs, Places = places, Target = (float*)pool.Scratch.Shared() };
        pool.Run(ref pack, places[^1].Panel, 4);
        var work = new ProductWork { Jobs = jobs, Places = places, Packed = (float*)pool.Scratch.Shared(), Pool = pool, BlockRows = rows };
        pool.Run(ref work, places[^1].Item, 1);
        foreach (var job in jobs)
        {
            GC.KeepAlive(job.Left.Buffer);
            GC.KeepAlive(job.Right.Buffer);
            GC.KeepAlive(job.Output.Buffer);
        }
    }

    // Where each job's items, panels and packed floats begin; the last place is the end of all.
    private static int Count(ReadOnlySpan<GemmJob> jobs, int blockRows, Place[] places)
    {
        var place = default(Place);
        for (var i = 0; i < jobs.Length; i++)
        {
            jobs[i].Check();
            places[i] = place;
            var (m, k, n) = (jobs[i].Left.Rows, jobs[i].Left.Columns, jobs[i].Right.Columns);
            place.Item += Blocks(m, blockRows) * Blocks(n, BlockColumns);
            place.Panel += Blocks(n, GemmTile.Columns);
            place.Packed += GemmBlock.PackedLength(n, GemmTile.Columns, k);
        }

        places[jobs.Length] = place;
        return place.Item;
    }

    private static int Blocks(int length, int block) => (length + block - 1) / block;

    private static int Find(Place[] places, int index, bool panels)
    {
        var (low, high) = (0, places.Length - 1);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = (panels ? places[middle].Panel : places[middle].Item) <= index ? (middle, high) : (low, middle);
        }

        return low;
    }

    private struct Place
    {
        public int Item;
        public int Panel;
        public long Packed;
    }

    // Panels of the right matrices: [panels, k, 32].
    private ref struct PackWork : IWork
    {
        public ReadOnlySpan<GemmJob> Jobs;
        public Place[] Places;
        public float* Target;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var index = start; index < end; index++)
            {
                var job = Find(Places, index, panels: true);
                var right = Jobs[job].Right;
                var panel = index - Places[job].Panel;
                var column = panel * GemmTile.Columns;
                GemmPacking.Pack(
                    right.Operand.Transposed.At(column, 0), Math.Min(GemmTile.Columns, right.Columns - column), right.Rows, GemmTile.Columns,
                    Target + Places[job].Packed + ((long)panel * GemmTile.Columns * right.Rows));
            }
        }
    }

    private ref struct ProductWork : IWork
    {
        public ReadOnlySpan<GemmJob> Jobs;
        public Place[] Places;
        public float* Packed;
        public ComputePool Pool;
        public int BlockRows;

        public readonly void Execute(int start, int end, int worker)
        {
            for (var index = start; index < end; index++)
            {
                var job = Find(Places, index, panels: false);
                Multiply(Jobs[job], index - Places[job].Item, Packed + Places[job].Packed, (float*)Pool.Scratch.Of(worker));
            }
        }

        private readonly void Multiply(in GemmJob job, int block, float* right, float* left)
        {
            var across = Blocks(job.Right.Columns, BlockColumns);
            var (row, column) = (block / across * BlockRows, block % across * BlockColumns);
            var (rows, columns) = (Math.Min(BlockRows, job.Left.Rows - row), Math.Min(BlockColumns, job.Right.Columns - column));
            var output = job.Output.Operand.At(row, column);
            nint depth = job.Left.Columns;
            right += column * depth;
            for (nint k = 0; k < depth; k += GemmBlock.Depth)
            {
                var steps = nint.Min(GemmBlock.Depth, depth - k);
                GemmPacking.Pack(job.Left.Operand.At(row, k), rows, steps, GemmTile.Rows, left);
                GemmBlock.Run(
                    left, right + (k * GemmTile.Columns), depth * GemmTile.Columns, steps, output.Address, output.RowStride, rows, columns, job.Scale, job.Accumulates || k > 0);
            }
        }
    }
}
