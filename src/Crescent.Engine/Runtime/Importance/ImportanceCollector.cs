using Crescent.Engine.Checkpoints;
using Crescent.Engine.Conversion;
using Crescent.Engine.Weights;
using Crescent.Kernels.Elementwise;
using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Runtime.Importance;

/// <summary>
/// Adds up, for every column of every weight matrix, the squares of the inputs that it is multiplied with, while a text runs through the model: set
/// <see cref="Observe"/> as its observer. What is multiplied transposed (attn_kv_b in latent attention's absorbed form) has no columns to measure.
/// </summary>
public sealed class ImportanceCollector
{
    private readonly Dictionary<WeightMatrix, (Tensor Tensor, int Index)> _places = []; // by reference
    private readonly Dictionary<string, Tensor> _tensors = [];
    private float[] _squares = []; // [columns], of one product: summed alone first, so that long texts lose no digits

    public ImportanceCollector(IReadOnlyList<NamedMatrices> tensors)
    {
        foreach (var (name, matrices) in tensors)
        {
            var tensor = new Tensor(name, matrices.Count, matrices[0].Columns);
            for (var i = 0; i < matrices.Count; i++)
            {
                _places[matrices[i]] = (tensor, i);
            }
        }
    }

    /// <summary>Tensors that have seen an input so far.</summary>
    public int Count => _tensors.Count;

    /// <summary>Adds the inputs of some products.</summary>
    /// <exception cref="CheckpointException">An input is NaN or infinite: the model is damaged.</exception>
    public void Observe(ReadOnlySpan<MatMulJob> jobs)
    {
        foreach (ref readonly var job in jobs)
        {
            if (!job.Transposed && job.Count > 0 && _places.TryGetValue(job.CopyOf ?? job.Weights, out var place))
            {
                Add(place.Tensor, place.Index, job);
            }
        }
    }

    /// <summary>What was measured so far.</summary>
    /// <param name="dataset">Name of the text.</param>
    /// <param name="chunks">Stretches of the text that were run.</param>
    /// <param name="chunkTokens">Tokens of each.</param>
    public ImportanceMatrix ToMatrix(string dataset, int chunks, int chunkTokens) => new()
    {
        Entries = _tensors.ToDictionary(pair => pair.Key, pair => pair.Value.Entry()),
        Datasets = [dataset],
        ChunkCount = chunks,
        ChunkSize = chunkTokens,
    };

    /// <summary>Tensors of which some matrices saw no input (experts that the router never chose), with the share that did.</summary>
    public IEnumerable<(string Name, int Seen, int Matrices)> Partial() =>
        from tensor in _tensors.Values
        let seen = tensor.Counts.Count(count => count > 0)
        where seen < tensor.Counts.Length
        orderby tensor.Name
        select (tensor.Name, seen, tensor.Counts.Length);

    private void Add(Tensor tensor, int index, in MatMulJob job)
    {
        if (_squares.Length < tensor.Columns)
        {
            _squares = new float[tensor.Columns];
        }

        var squares = _squares.AsSpan(0, tensor.Columns);
        squares.Clear();
        for (var item = 0; item < job.Count; item++)
        {
            VectorMath.AddSquares(squares, job.Input.Row(job.InputRow(item)));
        }

        if (!VectorMath.AllFinite(squares))
        {
            throw new CheckpointException($"tensor '{tensor.Name}': expected finite inputs, found NaN, infinity or values too large to square");
        }

        VectorMath.Add(tensor.Sums.AsSpan(index * tensor.Columns, tensor.Columns), squares);
        tensor.Counts[index] += job.Count;
        _tensors[tensor.Name] = tensor;
    }

    private sealed class Tensor(string name, int matrices, int columns)
    {
        private float[]? _sums; // made once there is something to add: most models have tensors that nothing is multiplied with

        public string Name { get; } = name;

        public int Columns { get; } = columns;

        /// <summary>[matrices, columns]</summary>
        public float[] Sums => _sums ??= new float[checked(Counts.Length * Columns)];

        /// <summary>[matrices]</summary>
        public long[] Counts { get; } = new long[matrices];

        // Heads always see the same number of rows: one count for all, as llama.cpp has it. Experts have one each, whatever they are.
        public ImportanceEntry Entry()
        {
            var isOne = TensorRole.Of(Name) != TensorRole.Experts && Array.TrueForAll(Counts, count => count == Counts[0]);
            return new ImportanceEntry(Sums, isOne ? [Counts[0]] : [.. Counts.Select(count => (float)count)]);
        }
    }
}
