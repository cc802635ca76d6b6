/* How a model names what is broken: included after its list of promises. model/run reads the name from the trace. */
mtype:promise broken;

inline promise(name, holds)
{
    if
    :: !(holds) ->
        broken = name;
        printf("violated: %e\n", broken);
        assert(false)
    :: else
    fi
}
