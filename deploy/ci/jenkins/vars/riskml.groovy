// Scores the change that a multibranch pipeline builds. Written by `riskml init`; as vars/riskml.groovy, a shared library's step.
// script { load('.riskml/riskml.groovy').call(failOn: 'block', junit: '**/TEST-*.xml') }   returns the exit code of the gate.
// A build that the gate does not pass is UNSTABLE, never FAILED; one that could not be scored is left as it is, and says so.

def call(Map given = [:]) {
    def asked = [failOn: 'never', depth: 'full', junit: '', coverage: '', install: 'riskml==0.1.0', markBuildAsUnstable: true,
                 letBuildPassOnFailedAnalysis: true] + given
    def code = 0
    // Single quotes: Groovy puts nothing into the script, so no name of a branch can become a part of it.
    withEnv(["RISKML_FAIL_ON=${asked.failOn}", "RISKML_DEPTH=${asked.depth}", "RISKML_JUNIT=${asked.junit}",
             "RISKML_COVERAGE=${asked.coverage}", "RISKML_INSTALL=${asked.install}"]) {
        code = sh(returnStatus: true, label: 'riskml', script: '''
set -fu; set --
for glob in $RISKML_JUNIT; do set -- "$@" --junit="$glob"; done
for glob in $RISKML_COVERAGE; do set -- "$@" --coverage="$glob"; done
set +f; mkdir -p riskml-out
# -I: nothing of the working tree is imported
python3 -I -m venv riskml-out/venv && riskml-out/venv/bin/python -I -m pip install -q "$RISKML_INSTALL" || exit 3
exec riskml-out/venv/bin/riskml predict . --base "origin/${CHANGE_TARGET:?not a build of a change}" --head HEAD \\
  --deepen "$RISKML_DEPTH" --fail-on "$RISKML_FAIL_ON" --missing-reports unknown "$@" \\
  --also json=riskml-out/decision.json --also html=riskml-out/report.html \\
  --also dotenv=riskml-out/riskml.env --also junit=riskml-out/junit.xml
''')
    }
    archiveArtifacts artifacts: 'riskml-out/*.*', allowEmptyArchive: true
    if (code in [10, 20, 30]) {
        if (asked.markBuildAsUnstable) { unstable("riskml: ${[10: 'high risk', 20: 'held', 30: 'too little is known'][code]}") }
    } else if (code != 0) {
        if (asked.letBuildPassOnFailedAnalysis) { echo "riskml: the change could not be scored (exit ${code})" }
        else { error("riskml: the change could not be scored (exit ${code})") }
    }
    return code
}

return this
