namespace Crescent.Engine.Runtime;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token or stop string.</summary>
    Stop,

    /// <summary>The most tokens that were asked for, or the end of the context.</summary>
    Length,

    /// <summary>The caller gave up.</summary>
    Cancelled,

    /// <summary>The model gave logits that are not finite, its weights could not be read, or no token was left to choose; <see cref="Sequence.Error"/> says where.</summary>
    Failed,
}
