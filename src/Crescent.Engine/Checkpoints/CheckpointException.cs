namespace Crescent.Engine.Checkpoints;

/// <summary>A bad or unknown checkpoint file. The message says what, where, expected and found.</summary>
public sealed class CheckpointException : Exception
{
    public CheckpointException(string message)
        : base(message)
    {
    }

    public CheckpointException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
