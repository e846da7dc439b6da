using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints;

/// <summary>Reads many mapped files ahead in the background, one after the other. It does not own them.</summary>
internal sealed class SequentialPopulation(IReadOnlyList<MappedFile> files)
{
    private readonly Lock _gate = new();
    private Thread? _thread;
    private bool _stopped;

    public void Start()
    {
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "crescent-populate-files" };
            _thread.Start();
        }
    }

    /// <summary>Waits for the end, where it was started.</summary>
    public void Wait() => _thread?.Join();

    /// <summary>Begins no further file. The one being read ends with its own Dispose; <see cref="Wait"/> after that.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
        }
    }

    private void Run()
    {
        foreach (var file in files)
        {
            lock (_gate)
            {
                if (_stopped)
                {
                    return;
                }

                file.PopulateInBackground();
            }

            file.WaitUntilPopulated();
        }
    }
}
