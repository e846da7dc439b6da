using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Safetensors;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>A tensor as a model's release has it.</summary>
/// <param name="Shape">Row-major.</param>
/// <param name="Write">Gives its bytes, made on so many threads.</param>
internal sealed record PublishedTensor(string Name, SafetensorsType Type, long[] Shape, Action<TensorSink, int, CancellationToken> Write);
